import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { describeEnd, type RunOptions, run } from "../../src/host/run.ts";

vi.setConfig({ testTimeout: 60_000 });

const env = { PATH: "/usr/bin:/bin" };
const sh = (script: string, options: RunOptions = {}) =>
  run({ file: "sh", args: ["-c", script], env }, options);
/** Whether a process runs; one that is dead and not yet reaped does not. */
const alive = (pid: string) => {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

describe("run", () => {
  test("gives back output and exit code", async () => {
    const result = await sh("cat; echo err >&2; exit 3", { input: "in" });
    expect(result).toMatchObject({
      outcome: "exited",
      ok: false,
      code: 3,
      stdout: "in",
      stderr: "err\n",
      truncated: false,
    });
    expect((await sh("true")).ok).toBe(true);
  });

  test("hands over the given environment and nothing else", async () => {
    const result = await run({ file: "/usr/bin/env", args: [], env: { A: "1" } });
    expect(result.stdout).toBe("A=1\n");
  });

  test("says that a program is missing", async () => {
    const result = await run({ file: "no-such-program", args: [], env });
    expect(result).toMatchObject({ outcome: "not_started", ok: false });
    expect(describeEnd(result)).toContain("ENOENT");
  });

  test("kills the whole group when time is up, a child that ignores SIGTERM too", async () => {
    const result = await sh("trap '' TERM; sleep 60 & echo $!; wait; wait", { timeout: 300 });
    expect(result.outcome).toBe("timed_out");
    expect(result.milliseconds).toBeLessThan(5000);
    expect(result.stdout).toMatch(/^\d+\n$/);
    expect(alive(result.stdout.trim())).toBe(false);
  });

  test("does not wait for a daemon that left the group and keeps the output open", async () => {
    const result = await sh("setsid sh -c 'echo $$; exec sleep 10' & sleep 0.2", { timeout: 500 });
    expect(result.outcome).toBe("timed_out");
    expect(result.milliseconds).toBeLessThan(5000);
    process.kill(Number(result.stdout.trim()), "SIGKILL");
  });

  test("ends on an abort, before and during", async () => {
    expect((await sh("echo ran", { signal: AbortSignal.abort() })).outcome).toBe("aborted");
    expect((await sh("sleep 60", { signal: AbortSignal.timeout(100) })).outcome).toBe("aborted");
  });

  test("tells a signal from an exit", async () => {
    const result = await sh("kill -SEGV $$");
    expect(result).toMatchObject({ outcome: "killed", signal: "SIGSEGV", ok: false });
    expect(describeEnd(result)).toBe("killed by SIGSEGV");
  });

  test("keeps the end of what is too long", async () => {
    const result = await sh("seq 1 100000", { maxOutput: 100 });
    expect(result.truncated).toBe(true);
    expect(Buffer.byteLength(result.stdout)).toBe(100);
    expect(result.stdout.endsWith("99999\n100000\n")).toBe(true);
  });

  test("gives lines as they come, the last one without a line end too", async () => {
    const lines: string[] = [];
    const onLine = (name: string) => (line: string) => lines.push(`${name} ${line}`);
    await sh("printf 'a\\nb'; printf 's\\n' >&3; printf 'e\\n' >&2", {
      onStdoutLine: onLine("out"),
      onStderrLine: onLine("err"),
      onStatusLine: onLine("status"),
    });
    expect(lines.sort()).toEqual(["err e", "out a", "out b", "status s"]);
  });
});
