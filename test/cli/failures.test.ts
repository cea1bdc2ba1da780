import { describe, expect, test } from "vitest";
import { exitCodes } from "../../src/cli/exit.ts";
import { internalError } from "../../src/cli/failures.ts";
import { run } from "../../src/cli/run.ts";
import type { Verb } from "../../src/cli/verb.ts";
import { verbs } from "../../src/cli/verbs.ts";
import { crew } from "./crew.ts";

/** Runs `crew check` with another verb in its place. */
async function withVerb<T>(verb: Verb["run"], act: () => Promise<T>): Promise<T> {
  const entry = verbs.find((v) => v.name === "check") as { load: () => Promise<{ verb: Verb }> };
  const { load } = entry;
  entry.load = async () => ({ verb: { configure: () => undefined, run: verb } });
  try {
    return await act();
  } finally {
    entry.load = load;
  }
}

describe("an exception in a verb", () => {
  const fails: Verb["run"] = async () => {
    throw new TypeError("x is not a function");
  };

  test("is our bug: CREW9001, exit 70, how to report it, no stack", async () => {
    const ran = await withVerb(fails, () => crew("/", ["check"]));
    expect(ran.code).toBe(exitCodes.internalError);
    expect(ran.stdout).toBe("");
    expect(ran.stderr).toContain("error[CREW9001]: crew itself failed: TypeError: x is not a function");
    expect(ran.stderr).toContain("--verbose");
    expect(ran.stderr).not.toContain("failures.test.ts");
  });

  test("shows its stack with --verbose", async () => {
    const ran = await withVerb(fails, () => crew("/", ["check", "--verbose"]));
    expect(ran.stderr).toContain("failures.test.ts");
    expect(internalError("thrown text", true).message).toContain("thrown text");
  });

  test("is one JSON document, too", async () => {
    const ran = await withVerb(fails, () => crew("/", ["check", "--output", "json"]));
    expect(ran.json()).toMatchObject({ exit_code: 70, diagnostics: [{ code: "CREW9001" }] });
  });
});

describe("the exit code of an interrupted verb", () => {
  const io = { cwd: "/", env: {}, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };

  test.each([
    [exitCodes.configWrong, exitCodes.interrupted],
    [exitCodes.verifyFailed, exitCodes.interrupted],
    [exitCodes.done, exitCodes.done],
    [exitCodes.rolledBack, exitCodes.rolledBack],
    [exitCodes.notRolledBack, exitCodes.notRolledBack],
  ])("that answered %d is %d", async (answered, expected) => {
    const stop = new AbortController();
    const verb: Verb["run"] = async () => {
      stop.abort();
      return { exitCode: answered, diagnostics: [] };
    };
    expect(await withVerb(verb, () => run(["check"], { ...io, signal: stop.signal }))).toBe(expected);
  });
});
