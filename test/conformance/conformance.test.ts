import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { staleFiles } from "../../src/bundle/stale.ts";
import { writeBundle } from "../../src/bundle/write.ts";
import { hasErrors } from "../../src/core/diagnostic.ts";
import { packageRoot } from "../../src/core/package.ts";
import { engineLines } from "../../src/engine/lines.ts";
import { targets } from "../../src/targets/registry.ts";
import { compileExample, exampleFolder, examples } from "./examples.ts";

test("the registry lists every target folder", () => {
  const folder = join(packageRoot(), "src", "targets");
  const folders = readdirSync(folder).filter((name) => existsSync(join(folder, name, "index.ts")));
  expect(targets.map((t) => t.id).sort()).toEqual(folders.sort());
});

describe.each(examples)("examples/%s", (name) => {
  test("compiles without errors, and its dist is what it compiles to (UPDATE=1 accepts)", async () => {
    const { bundle, diagnostics } = await compileExample(name);
    expect(diagnostics.filter((d) => d.severity === "error")).toEqual([]);
    if (bundle === undefined) throw new Error("no bundle");
    const dist = join(exampleFolder(name), "dist");
    if (process.env.UPDATE === "1") writeBundle(bundle, dist);
    expect(staleFiles(bundle, dist)).toEqual([]);
  });

  test.each(targets.map((t) => t.id))("%s makes files, or says why it cannot", async (id) => {
    const { model } = await compileExample(name);
    const target = targets.find((t) => t.id === id);
    if (model === undefined || target === undefined) throw new Error("no model or target");
    const { artifacts, diagnostics } = target.build(model);
    if (hasErrors(diagnostics)) expect(diagnostics.some((d) => d.code.startsWith("CREW4"))).toBe(true);
    else expect(artifacts.length).toBeGreaterThan(0);
    for (const { path, text, lines } of artifacts) {
      expect(path.startsWith(`${id}/`), `${path} lies in the target's folder`).toBe(true);
      expect(lines.length, `${path} has one origin for each line`).toBe(text.split("\n").length - 1);
      expect(text, `${path} names no property by its place`).not.toMatch(/\/trunks\/0\/|inbound_routes\/0/);
      for (const at of lines) if (at !== undefined) expect(at).toMatch(/^(?:\/[^/]+)*$/);
    }
  });

  test.each(engineLines)("on engine %s it compiles or is refused with a reason", async (engine) => {
    const { bundle, diagnostics } = await compileExample(name, engine);
    if (bundle !== undefined) return;
    const errors = diagnostics.filter((d) => d.severity === "error");
    expect(errors.length).toBeGreaterThan(0);
    for (const { code } of errors) expect(code).toMatch(/^CREW[34]/);
  });
});
