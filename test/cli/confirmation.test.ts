import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { confirmation } from "../../src/cli/deployment.ts";

const global = { output: "text", color: false, verbose: false } as const;

/** What is decided where this is typed at a terminal, or where there is none. */
async function decided(typed: string | undefined, yes = false) {
  const stream = (isTTY: boolean) => Object.assign(new PassThrough(), { isTTY });
  const [stdin, stdout, stderr] = [stream(typed !== undefined), stream(false), stream(typed !== undefined)];
  const io = { cwd: "/", env: {}, stdin, stdout, stderr, signal: new AbortController().signal };
  if (typed !== undefined) stdin.write(typed);
  const answer = await confirmation((n: number) => `${n} calls\n`, { ...global, yes }, io)(3);
  return { answer, told: String(stderr.read() ?? "") };
}

describe("before something is changed for good", () => {
  test.each([
    ["y\n", "yes"],
    ["yes\n", "yes"],
    ["\n", "no"],
    ["n\n", "no"],
    ["yesterday\n", "no"],
  ])("a terminal is asked, and %j means %s", async (typed, expected) => {
    const { answer, told } = await decided(typed);
    expect(answer).toBe(expected);
    expect(told).toMatch(/^3 calls\n.*Go on\? \[y\/N\] /);
  });

  test("off a terminal only --yes consents, and what it is about is told all the same", async () => {
    expect(await decided(undefined)).toEqual({ answer: "unconfirmed", told: "3 calls\n" });
    expect(await decided(undefined, true)).toEqual({ answer: "yes", told: "3 calls\n" });
  });
});
