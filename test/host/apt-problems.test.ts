import { expect, test } from "vitest";
import { aptProblem } from "../../src/host/apt-problems.ts";
import type { AptSource } from "../../src/host/apt-sources.ts";
import type { RunResult } from "../../src/host/run.ts";

const debian = { components: ["main"], named: false, keys: ["AAAA", "BBBB"], signedBy: "/k.gpg" };
const sources: readonly AptSource[] = [
  {
    uri: "http://named.example/r",
    suites: ["test"],
    components: ["main"],
    named: true,
    keys: ["CCCC"],
    signedBy: "/n.gpg",
  },
  { uri: "http://m", suites: ["forky", "forky-updates"], ...debian },
];
const failure = (stderr: string, change: Partial<RunResult> = {}): RunResult => ({
  outcome: "exited",
  ok: false,
  code: 100,
  stdout: "",
  stderr,
  truncated: false,
  milliseconds: 1,
  ...change,
});

/** Texts as apt 2.6 to 3.1 print them. */
test.each([
  [
    "CREW6903",
    "W: GPG error: http://m forky InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 6ED0E7B82643E131\nE: The repository 'http://m forky InRelease' is not signed.",
  ],
  [
    "CREW6903",
    "W: OpenPGP signature verification failed: http://m forky InRelease: Sub-process /usr/bin/sqv returned an error code (1), error message is: Missing key B8E5F13176D2A7A75220028078DBA3BC47EF2265, which is needed to verify signature.\nE: The repository 'http://m forky InRelease' is not signed.",
  ],
  [
    "CREW6904",
    "E: Release file for http://m/dists/forky/InRelease is expired (invalid since 17d 6h 13min 59s). Updates for this repository will not be applied.",
  ],
  [
    "CREW6904",
    "E: Release file for http://m/dists/forky/InRelease is not valid yet (invalid for another 2h). Updates for this repository will not be applied.",
  ],
  ["CREW6905", "E: Unable to locate package kamailoi"],
  ["CREW6905", "E: Package 'kamailio' has no installation candidate"],
  [
    "CREW6917",
    "E: Unable to satisfy dependencies. Reached two conflicting assignments:\n   1. kamailio:amd64=6.1.9 is selected for install",
  ],
  ["CREW6906", "E: Failed to fetch http://m/dists/forky/InRelease  Temporary failure resolving 'm'"],
  ["CREW6907", "E: Failed to fetch http://m/pool/a.deb  Hash Sum mismatch"],
  ["CREW6908", "E: You don't have enough free space in /x/archives/."],
  ["CREW6908", "E: Write error - write (28: No space left on device)"],
  ["CREW6910", "E: The repository 'http://m nowhere Release' does not have a Release file."],
  ["CREW6909", "E: Something that apt never said before"],
])("%s: %s", (code, stderr) => {
  const problem = aptProblem(failure(stderr), sources);
  expect(problem.code).toBe(code);
  expect(problem.help?.length).toBeGreaterThan(20);
  expect(`${problem.message}${problem.why}`).toMatch(/forky|kamai|http:|space|never said/);
});

test("a host without apt, and an interruption, are told apart from a failure", () => {
  expect(
    aptProblem(failure("", { outcome: "not_started", error: "spawn apt-get ENOENT" }), sources).code,
  ).toBe("CREW6901");
  expect(aptProblem(failure("", { outcome: "aborted" }), sources).code).toBe("CREW6911");
});
