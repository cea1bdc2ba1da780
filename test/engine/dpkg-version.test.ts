import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareVersions, parseVersion } from "../../src/engine/dpkg-version.ts";

/** Short versions from few letters, so that equal starts and near misses are common. */
const part = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 5 });
const version = fc
  .tuple(fc.option(fc.integer({ min: 0, max: 2 }), { freq: 4 }), part("01a+.~Z"), fc.option(part("019b+.~")))
  .map(
    ([epoch, upstream, revision]) =>
      `${epoch === null ? "" : `${epoch}:`}1${upstream}${revision ? `-${revision}` : ""}`,
  );
const sign = (n: number) => Math.sign(n);

test("orders as dpkg does", () => {
  const pairs = fc.sample(fc.tuple(version, version), 400);
  const script = pairs
    .map(([a, b]) => `for o in lt eq gt; do dpkg --compare-versions '${a}' $o '${b}' && echo $o; done`)
    .join("\n");
  const answers = execFileSync("sh", ["-c", `${script}\ntrue`], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const words = ["lt", "eq", "gt"];
  const wrong = answers
    .trim()
    .split("\n")
    .map((expected, i) => ({
      pair: pairs[i],
      expected,
      actual: words[sign(compareVersions(...pairs[i]!)) + 1],
    }))
    .filter((r) => r.expected !== r.actual);
  expect(answers.trim().split("\n")).toHaveLength(pairs.length);
  expect(wrong).toEqual([]);
});

test("is an order", () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(compareVersions(a, a)).toBe(0);
      expect(sign(compareVersions(a, b))).toBe(-sign(compareVersions(b, a)) + 0);
      const [x, y, z] = [a, b, c].sort(compareVersions);
      expect(compareVersions(x!, z!)).toBeLessThanOrEqual(0);
      expect(compareVersions(x!, y!)).toBeLessThanOrEqual(0);
    }),
  );
});

test.each([
  ["6.0.1-1+deb13u1", "6.0.1-1+deb13u2"],
  ["10.5.3.5-1", "10.5.3.5-1+deb12u1"],
  ["12.5.1.6-1", "12.5.1.31-1"],
  ["6.1.5~rc1-1", "6.1.5-1"],
  ["9.9-1", "1:0.1-1"],
  ["1.0", "1.0-1"],
  ["1.99999999999999999998", "1.99999999999999999999"],
])("%s is older than %s", (older, newer) => {
  expect(compareVersions(older, newer)).toBeLessThan(0);
  expect(compareVersions(newer, older)).toBeGreaterThan(0);
});

test("splits epoch, upstream and revision", () => {
  expect(parseVersion("2:1.6-rc-1ubuntu1")).toEqual({ epoch: 2, upstream: "1.6-rc", revision: "1ubuntu1" });
  expect(parseVersion("1.6")).toEqual({ epoch: 0, upstream: "1.6", revision: "" });
});
