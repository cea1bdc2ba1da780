/** Every document that crew writes for programs follows its published schema. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../src/core/package.ts";
import { crew } from "../cli/crew.ts";
import { exampleFolder, examples } from "./examples.ts";

function validator(name: string): ValidateFunction {
  const schema = JSON.parse(readFileSync(join(packageRoot(), "schemas", `${name}.schema.json`), "utf8"));
  return new Ajv2020({ strictTypes: false, strictTuples: false, allErrors: true }).compile(schema);
}

function errorsOf(validate: ValidateFunction, value: unknown): unknown {
  return validate(value) ? [] : validate.errors;
}

const model = validator("model");
const manifest = validator("manifest");
const lineMap = validator("line-map");
const answer = validator("answer");

describe.each(examples)("examples/%s", (name) => {
  const read = (file: string) => JSON.parse(readFileSync(join(exampleFolder(name), "dist", file), "utf8"));

  test("model.json, manifest.json and line-map.json", () => {
    expect(errorsOf(model, read("model.json"))).toEqual([]);
    expect(errorsOf(manifest, read("manifest.json"))).toEqual([]);
    expect(errorsOf(lineMap, read("line-map.json"))).toEqual([]);
  });

  test("a property that is missing or unknown is refused", () => {
    const { edge: _, ...without } = read("model.json");
    expect(model(without)).toBe(false);
    expect(model({ ...read("model.json"), more: 1 })).toBe(false);
    expect(manifest({ ...read("manifest.json"), manifest_version: 2 })).toBe(false);
    expect(lineMap({ "a.cfg": [1] })).toBe(false);
  });
});

test.each([
  [["check", "examples/digest-pbx/crew.config.ts"], 0],
  [["check", "nowhere.ts"], 1],
  [["explain", "CREW2202"], 0],
  [["explain", "--list"], 0],
  [["explain", "CREW0000"], 2],
  [["nosuch"], 2],
])("the answer of crew %j", async (argv, code) => {
  const ran = await crew(packageRoot(), [...argv, "--output", "json"]);
  expect(ran.code).toBe(code);
  expect(errorsOf(answer, ran.json())).toEqual([]);
});
