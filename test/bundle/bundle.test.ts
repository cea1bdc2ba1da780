import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bundle, buildBundle } from "../../src/bundle/bundle.ts";
import { jsonText } from "../../src/bundle/json.ts";
import { propertyOfLine } from "../../src/bundle/line-map.ts";
import { readBundle } from "../../src/bundle/read.ts";
import { type Written, writeBundle } from "../../src/bundle/write.ts";
import type { Diagnostic } from "../../src/core/diagnostic.ts";
import type { Model } from "../../src/model/model.ts";
import type { AnyTarget, Artifact } from "../../src/targets/target.ts";

const model: Model = {
  model_version: 1,
  edge: {
    at: "",
    name: "edge-1",
    engine: "6.1",
    implied: false,
    network: {
      at: "/network",
      public: { v4: "198.51.100.7" },
      bind: { v4: "198.51.100.7" },
      carrier: { udp: 5060 },
      agents: { address: "10.0.0.1", udp: 5080 },
      rtp: [10000, 20000],
    },
    outbound_routes: [],
  },
  agents: [],
  trunks: [],
  time_zones: [],
};

function artifact(path: string, text: string, mode = 0o644): Artifact {
  const lines = text.split("\n").slice(0, -1);
  return { path, mode, text, lines: lines.map((_, i) => (i === 0 ? "/name" : undefined)), reload: "live" };
}

function target(...artifacts: readonly Artifact[]): AnyTarget {
  return { id: "sample", summary: "Sample.", build: () => ({ artifacts, diagnostics: [] }) };
}

function bundleOf(...artifacts: readonly Artifact[]): Bundle {
  const built = buildBundle(model, [target(...artifacts)], "1.2.3");
  if (built.value === undefined) throw new Error("no bundle");
  return built.value;
}

function written(result: Written | Diagnostic): Written {
  if ("code" in result) throw new Error(result.message);
  return result;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crew-bundle-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("buildBundle", () => {
  test("sorts artifacts and pins every byte", () => {
    const a = bundleOf(artifact("b/x.cfg", "x\n"), artifact("a.cfg", "y\n"));
    const b = bundleOf(artifact("a.cfg", "y\n"), artifact("b/x.cfg", "x\n"));
    expect(a.artifacts.map((f) => f.path)).toEqual(["a.cfg", "b/x.cfg"]);
    expect(a).toEqual(b);
    const changed = bundleOf(artifact("a.cfg", "y \n"), artifact("b/x.cfg", "x\n"));
    expect(changed.manifest.bundle).not.toBe(a.manifest.bundle);
    const guarded = bundleOf(artifact("a.cfg", "y\n", 0o600), artifact("b/x.cfg", "x\n"));
    expect(guarded.manifest.bundle).not.toBe(a.manifest.bundle);
  });

  test("reports what all targets say and gives no value on an error", () => {
    const failing = (code: "CREW4001" | "CREW4002"): AnyTarget => ({
      id: code,
      summary: "",
      build: () => ({ artifacts: [], diagnostics: [{ code, severity: "error", message: "no" }] }),
    });
    const built = buildBundle(model, [failing("CREW4001"), failing("CREW4002")], "1");
    expect(built.value).toBeUndefined();
    expect(built.diagnostics.map((d) => d.code)).toEqual(["CREW4001", "CREW4002"]);
  });

  test.each([
    ["a path outside the folder", artifact("../x", "x\n")],
    ["an absolute path", artifact("/etc/x", "x\n")],
    ["a hidden file", artifact("a/.x", "x\n")],
    ["the manifest's name", artifact("manifest.json", "x\n")],
    ["text without a last newline", artifact("a", "x")],
  ])("throws on %s, which is a bug of a target", (_, bad) => {
    expect(() => bundleOf(bad)).toThrow();
  });

  test("throws where two targets emit the same file", () => {
    expect(() =>
      buildBundle(model, [target(artifact("a", "x\n")), target(artifact("a", "y\n"))], "1"),
    ).toThrow(/two targets/);
  });
});

describe("writeBundle and readBundle", () => {
  test("give back what was written, with modes", () => {
    const bundle = bundleOf(artifact("a/x.cfg", "π\nline\n"), artifact("b.cfg", "y\n", 0o600));
    writeBundle(bundle, folder);
    expect(readBundle(folder)).toEqual({ value: bundle, diagnostics: [] });
    expect(statSync(join(folder, "b.cfg")).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual([
      "a",
      "b.cfg",
      "line-map.json",
      "manifest.json",
      "model.json",
    ]);
  });

  test("keep every byte of texts larger than any buffer", () => {
    const many = { ...model, edge: { ...model.edge, name: "π›".repeat(400_000) } };
    const trunks = Array.from({ length: 40_000 }, (_, i) => ({ at: `/trunks/${i}`, id: `π${i}` }));
    const bundle = {
      ...bundleOf(artifact("a.cfg", `${"π€".repeat(700_000)}\n`)),
      model: { ...many, trunks },
    };
    writeBundle(bundle as unknown as Bundle, folder);
    expect(readBundle(folder).value).toEqual(bundle);
  });

  test("write only what changed and remove what is gone", () => {
    writeBundle(
      bundleOf(artifact("a/x.cfg", "x\n"), artifact("a/y.cfg", "y\n"), artifact("old/z.cfg", "z\n")),
      folder,
    );
    writeFileSync(join(folder, "mine.txt"), "kept");
    const before = statSync(join(folder, "a/x.cfg")).ino;
    const result = written(
      writeBundle(bundleOf(artifact("a/x.cfg", "x\n"), artifact("a/y.cfg", "new\n")), folder),
    );
    expect(result.written).toEqual(["a/y.cfg", "line-map.json", "manifest.json"]);
    expect(result.unchanged).toEqual(["a/x.cfg", "model.json"]);
    expect(result.removed).toEqual(["old/z.cfg"]);
    expect(statSync(join(folder, "a/x.cfg")).ino).toBe(before);
    expect(readdirSync(folder)).toContain("mine.txt");
    expect(readdirSync(folder)).not.toContain("old");
    expect(readBundle(folder).value).toBeDefined();
  });

  test("repair a file that was edited by hand, and its mode", () => {
    const bundle = bundleOf(artifact("a.cfg", "x\n"), artifact("b.cfg", "x\n"));
    writeBundle(bundle, folder);
    writeFileSync(join(folder, "a.cfg"), "hacked\n");
    chmodSync(join(folder, "b.cfg"), 0o600);
    expect(readBundle(folder).diagnostics[0]).toMatchObject({
      code: "CREW1303",
      message: expect.stringContaining("a.cfg"),
    });
    expect(written(writeBundle(bundle, folder)).written).toEqual(["a.cfg"]);
    expect(statSync(join(folder, "b.cfg")).mode & 0o777).toBe(0o644);
    expect(readBundle(folder).value).toEqual(bundle);
  });

  test("never replace a file that crew did not write", () => {
    mkdirSync(join(folder, "a"));
    writeFileSync(join(folder, "a/x.cfg"), "somebody's\n");
    const result = writeBundle(bundleOf(artifact("a/x.cfg", "x\n")), folder);
    expect(result).toMatchObject({ code: "CREW1301" });
    expect(readFileSync(join(folder, "a/x.cfg"), "utf8")).toBe("somebody's\n");
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  test("say why a folder cannot be written", () => {
    const file = join(folder, "file");
    writeFileSync(file, "somebody's\n");
    const bundle = bundleOf(artifact("a/x.cfg", "x\n"));
    for (const [place, reason] of [
      [file, "it is a file"],
      [join(file, "dist"), "a part of its path is a file"],
      [join(folder, "x".repeat(300)), "ENAMETOOLONG"],
    ] as const)
      expect(writeBundle(bundle, place)).toMatchObject({
        code: "CREW1306",
        message: `The output folder ${place} cannot be written: ${reason}.`,
      });
    expect(readFileSync(file, "utf8")).toBe("somebody's\n");
    writeFileSync(join(folder, "a"), "somebody's\n");
    expect(writeBundle(bundle, folder)).toMatchObject({ code: "CREW1306" });
    expect(readdirSync(folder)).toEqual(["a", "file"]);
  });

  test("believe no manifest that points outside", () => {
    const bundle = bundleOf(artifact("a.cfg", "x\n"));
    writeBundle(bundle, folder);
    const outside = join(folder, "..", `${folder.split("/").at(-1)}-outside`);
    writeFileSync(outside, "precious");
    try {
      const forged = {
        ...bundle.manifest,
        artifacts: [{ ...bundle.manifest.artifacts[0], path: `../${outside.split("/").at(-1)}` }],
      };
      writeFileSync(join(folder, "manifest.json"), jsonText(forged));
      expect(readBundle(folder).diagnostics[0]?.code).toBe("CREW1302");
      writeBundle(bundle, folder);
      expect(readFileSync(outside, "utf8")).toBe("precious");
    } finally {
      rmSync(outside);
    }
  });

  test("a missing file and a forged hash are found", () => {
    writeBundle(bundleOf(artifact("a.cfg", "x\n"), artifact("b.cfg", "y\n")), folder);
    rmSync(join(folder, "a.cfg"));
    const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
    writeFileSync(join(folder, "manifest.json"), jsonText({ ...manifest, bundle: "0".repeat(64) }));
    expect(readBundle(folder).diagnostics[0]?.message).toMatch(/a\.cfg, manifest\.json/);
    expect(readBundle(join(folder, "nowhere")).diagnostics[0]?.code).toBe("CREW1302");
  });
});

describe("jsonText", () => {
  test.each([
    [null],
    [[]],
    [{}],
    [{ a: [{ b: { c: { d: { e: [1, 2, 3, 4] } } } }], f: "π\n", g: undefined }],
    [[1, [2, [3, [4, [5]]]]]],
  ])("can be read back: %j", (value) => {
    expect(JSON.parse(jsonText(value))).toEqual(JSON.parse(JSON.stringify(value)));
  });

  test("prints large values in pieces without loss", () => {
    const value = { rows: Array.from({ length: 20_000 }, (_, i) => ({ index: i, name: `n${i}` })) };
    expect(JSON.parse(jsonText(value))).toEqual(value);
  });
});

test("propertyOfLine takes the nearest line above that has one", () => {
  const map = { "a.cfg": [null, "/x", null, "/y"] };
  expect([1, 2, 3, 4, 9].map((line) => propertyOfLine(map, "a.cfg", line))).toEqual([
    undefined,
    "/x",
    "/x",
    "/y",
    "/y",
  ]);
  expect(propertyOfLine(map, "b.cfg", 1)).toBeUndefined();
});
