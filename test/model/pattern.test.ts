/** Patterns: what is taken, and that what is taken means the same to a POSIX matcher and to JavaScript. */
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/model/parse.ts";
import { readPattern } from "../../src/model/resolve/pattern.ts";

describe("a pattern", () => {
  it.each([
    ["[2-4][0-9]{3}", "[2-4][0-9]{3}"],
    ["^[2-4][0-9]{3}$", "[2-4][0-9]{3}"],
    ["sales|support", "(sales|support)"],
    ["(10|20)[0-9]?", "(10|20)[0-9]?"],
    ["^(10|20)$", "(10|20)"],
    ["[+]49[0-9]{3,11}", "[+]49[0-9]{3,11}"],
    ["a{2,}", "a{2,}"],
    ["room-[A-Za-z0-9_.-]+", "room-[A-Za-z0-9_.-]+"],
    ["((a|b)c)?d", "((a|b)c)?d"],
    [".*", ".*"],
  ])("%s is taken as %s", (text, body) => {
    expect(readPattern(text)).toEqual({ body });
  });

  it.each([
    ["(a+)+", "repeats a group with '+'"],
    ["(a|b)*", "repeats a group with '*'"],
    ["(ab){2}", "repeats a group with '{2}'"],
    ["a**", "repeats a repeat: '**'"],
    ["a+?", "repeats a repeat: '+?'"],
    ["a{2}{3}", "repeats a repeat: '{2}{'"],
    ["*a", "has '*' with nothing before it to repeat"],
    ["(?:a)", "has '?' with nothing before it to repeat"],
    ["a|+b", "has '+' with nothing before it to repeat"],
    ["a||b", "has an empty alternative"],
    ["|a", "has an empty alternative"],
    ["a|", "has an empty alternative"],
    ["()", "has an empty alternative"],
    ["(a", "has a parenthesis that never closes"],
    ["a)", "closes a parenthesis that was never opened"],
    ["a{", "has a repeat that is none"],
    ["a{,3}", "has a repeat that is none"],
    ["a{3,2}", "has the repeat '{3,2}'"],
    ["a{0}", "has the repeat '{0}'"],
    ["a{65}", "has the repeat '{65}'"],
    ["[^0]", "has a class that begins with '^'"],
    ["[]", "has a class that is empty or never closes"],
    ["[0-9", "has a class that is empty or never closes"],
    ["[[0-9]", "has '[' inside of a class"],
    ["[9-0]", "has the range '9-0'"],
    ["[A-z]", "has the range 'A-z'"],
    ["[+-.]", "has the range '+-.'"],
    ["a]", "has a lone ']'"],
    ["a^b", "has '^' or '$' inside"],
    ["a$b", "has '^' or '$' inside"],
    ["^a|b$", "has anchors and alternatives side by side"],
    ["a*b*c*d*e*f*g*", "has more than 6 repeats of no fixed number"],
    ["^$", "has an empty alternative"],
  ])("%s is refused: it %s", (text, problem) => {
    const found = readPattern(text);
    expect("problem" in found ? found.problem : found).toBe(problem);
    expect("help" in found && found.help).toMatch(/\.$/);
  });

  it.each(["\\d+", 'a"b', "", "x".repeat(129), "a b", "é"])(
    "%j has characters that no pattern has",
    (text) => {
      const found = parseConfig({
        sip: { inbound_routes: [{ match: { to_pattern: text }, refuse: { code: 404 } }] },
      });
      expect(found.diagnostics.map((d) => d.code)).toEqual(["CREW2004"]);
    },
  );

  it("that is refused names its place", () => {
    const found = parseConfig({
      sip: { inbound_routes: [{ match: { to_pattern: "(a+)+" }, refuse: { code: 404 } }] },
    });
    expect(found.diagnostics.map((d) => `${d.code} ${d.pointer}`)).toEqual([
      "CREW2119 /sip/inbound_routes/0/match/to_pattern",
    ]);
  });
});

/** Texts made of the very characters that patterns are made of. */
const pieces = [
  "a",
  "b",
  "1",
  "2",
  "[12]",
  "[a-b]",
  "[+.]",
  ".",
  "(",
  ")",
  "|",
  "?",
  "*",
  "+",
  "{2}",
  "{1,2}",
  "{2,}",
  "-",
  "[b-]",
];
const text = fc
  .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.join(""));
const user = fc.string({ unit: fc.constantFrom(..."ab12+.-("), minLength: 1, maxLength: 6 });

it("means the same to grep -E and to JavaScript", () => {
  const users = [...new Set(fc.sample(user, { seed: 5, numRuns: 400 }))];
  const taken = [...new Set(fc.sample(text, { seed: 7, numRuns: 4000 }))].flatMap((t) => {
    const found = readPattern(t);
    return "body" in found ? [found.body] : [];
  });
  expect(taken.length).toBeGreaterThan(100);
  for (const body of taken.slice(0, 150)) {
    const expected = users.filter((u) => new RegExp(`^${body}$`).test(u));
    expect(grep(body, users), body).toEqual(expected);
  }
});

/** The lines that the C library's matcher takes; grep leaves with 1 where there is none. */
function grep(body: string, lines: readonly string[]): string[] {
  try {
    const options = { input: lines.join("\n"), encoding: "utf8", env: { LC_ALL: "C" } } as const;
    return execFileSync("grep", ["-E", "-e", `^${body}$`], options)
      .split("\n")
      .slice(0, -1);
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === 1) return [];
    throw error;
  }
}
