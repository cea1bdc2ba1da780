/** What the code must not do: the rules of src/README.md, enforced. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { verbs } from "../src/cli/verbs.ts";
import { packageRoot } from "../src/core/package.ts";
import { generatedFiles } from "../src/dev/generate/files.ts";

const root = packageRoot();
const src = join(root, "src");

/** What the files of a folder may import, beside their own folder. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  dsl: ["core"],
  model: ["core", "dsl"],
  engine: ["core", "model"],
  load: ["core", "dsl"],
  checks: ["core", "model", "engine"],
  targets: ["core", "model", "engine"],
  simulate: ["core", "model"],
  bundle: ["core", "model", "targets"],
  plan: ["core", "model", "targets", "bundle"],
  host: ["core", "engine"],
  phone: ["core", "host"],
  verify: ["core", "model", "engine", "targets", "bundle", "host"],
  deploy: ["core", "model", "engine", "targets", "bundle", "plan", "host", "phone", "verify"],
};

/** These may import anything: nothing else imports them. */
const tops = ["cli", "dev", "quickstart", "bench"];

interface Import {
  readonly file: string;
  readonly target: string;
}

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
const handWritten = files.filter((name) => !name.includes(".generated."));

function text(name: string): string {
  return readFileSync(join(src, name), "utf8");
}

/** Every relative import, static and dynamic, of types too. */
const imports: readonly Import[] = files.flatMap((file) =>
  [...text(file).matchAll(/(?:\bfrom|\bimport\(|\bimport) ?"(\.[^"]+)"/g)].map(([, specifier = ""]) => ({
    file,
    target: relative(src, resolve(src, dirname(file), specifier)),
  })),
);

function folder(path: string): string {
  return path.split("/")[0] ?? "";
}

describe("imports", () => {
  test("are found", () => {
    expect(imports.length).toBeGreaterThan(100);
    expect(imports).toContainEqual({ file: "cli/verbs.ts", target: "cli/verbs/build.ts" });
  });

  test("go one way only", () => {
    const wrong = imports.filter(({ file, target }) => {
      const [from, to] = [folder(file), folder(target)];
      return from !== to && !tops.includes(from) && !allowed[from]?.includes(to);
    });
    expect(wrong.map(({ file, target }) => `${file} must not import ${target}`)).toEqual([]);
  });

  test("stay inside of src", () => {
    expect(
      imports.filter(({ target }) => target.startsWith("..")).map((i) => `${i.file}: ${i.target}`),
    ).toEqual([]);
  });

  test("every folder has its rule", () => {
    const unknown = [...new Set(files.map(folder))].filter(
      (f) => !f.endsWith(".ts") && !tops.includes(f) && !(f in allowed),
    );
    expect(unknown).toEqual([]);
  });

  test("targets do not know each other", () => {
    const part = (path: string) => path.split("/")[1] ?? "";
    const shared = ["escape", "target.ts"];
    const wrong = imports.filter(
      ({ file, target }) =>
        folder(file) === "targets" &&
        folder(target) === "targets" &&
        part(file) !== "registry.ts" &&
        part(file) !== part(target) &&
        !shared.includes(part(target)),
    );
    expect(wrong).toEqual([]);
  });

  test("the public module needs no package at run time", () => {
    const packages = files
      .filter((name) => name.startsWith("dsl/"))
      .flatMap((name) =>
        [...text(name).matchAll(/^import (?!type )[^"]*"([^."][^"]*)"/gm)].map(
          ([line]) => `${name}: ${line}`,
        ),
      );
    expect(packages).toEqual([]);
  });

  test("a build without problems loads neither typescript nor ajv at its start", () => {
    const eager = files
      .filter((name) => !tops.slice(1).includes(folder(name)) && name !== "load/ajv.ts")
      .flatMap((name) =>
        [...text(name).matchAll(/^import (?!type )[^"]*"(typescript|ajv[^"]*)"/gm)].map(
          ([, p]) => `${name}: ${p}`,
        ),
      );
    expect(eager).toEqual([]);
  });
});

describe("files", () => {
  test("are short: at most 400 lines, tests at most 600", () => {
    const lines = (path: string) => readFileSync(path, "utf8").split("\n").length - 1;
    const long = handWritten.filter((name) => lines(join(src, name)) > 400);
    const tests = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    );
    expect([...long, ...tests.filter((name) => lines(join(root, "test", name)) > 600)]).toEqual([]);
  });

  test("begin with what they are for", () => {
    expect(handWritten.filter((name) => !text(name).startsWith("/**"))).toEqual([]);
  });

  test("have no default export, and no class but errors", () => {
    expect(handWritten.filter((name) => /^export default\b/m.test(text(name)))).toEqual([]);
    const classes = handWritten.filter((name) =>
      /^(?:export )?(?:abstract )?class (?!\w+ extends \w*Error\b)/m.test(text(name)),
    );
    expect(classes).toEqual([]);
  });

  test("hold no path of the machine that they were written on", () => {
    const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" })
      .split("\0")
      .filter((f) => f !== "");
    expect(tracked.length).toBeGreaterThan(100);
    const wrong = tracked.filter((name) => {
      const content = readFileSync(join(root, name));
      return !content.includes(0) && content.includes(`${root}/`);
    });
    expect(wrong).toEqual([]);
  });

  test("that are generated are current (npm run gen)", () => {
    const stale = [...generatedFiles()].filter(
      ([path, expected]) => readFileSync(join(root, path), "utf8") !== expected,
    );
    expect(stale.map(([path]) => path)).toEqual([]);
  });
});

test("every file in verbs/ is in the list of verbs", () => {
  const names = readdirSync(join(src, "cli", "verbs"))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -".ts".length));
  expect(verbs.map((v) => v.name).sort()).toEqual(names.sort());
});

test("src/README.md names every folder", () => {
  const readme = readFileSync(join(src, "README.md"), "utf8");
  const folders = [...new Set(files.map(folder))].filter((f) => !f.endsWith(".ts"));
  expect(folders.filter((f) => !readme.includes(`\`${f}/\``))).toEqual([]);
});
