import { expect, test } from "vitest";
import { documentRows, tables } from "./rows.ts";
import { type Outcome, shown, tableText } from "./shown.ts";

const outcome = (state: Outcome["state"], ...rows: string[]): Outcome => ({
  file: "test/a.test.ts",
  name: `${state} test`,
  shows: rows,
  state,
});
const rows = { a: "First", b: "Second" };
const states = (...outcomes: readonly Outcome[]) => shown(rows, outcomes).map((r) => r.state);

test("a row is shown by tests that passed, all of them", () => {
  expect(states(outcome("passed", "a"), outcome("passed", "b", "a"))).toEqual(["shown", "shown"]);
  expect(states(outcome("passed", "a"), outcome("failed", "a"))).toEqual(["broken", "absent"]);
  expect(states(outcome("skipped", "a"), outcome("pending", "b"))).toEqual(["broken", "broken"]);
  expect(states(outcome("passed"), outcome("passed", "c"))).toEqual(["absent", "absent"]);
});

test("the table names what is missing and what failed", () => {
  const text = tableText("Rows", shown(rows, [outcome("passed", "a"), outcome("failed", "a")]));
  expect(text).toBe(
    [
      "Rows: 0 of 2 rows shown",
      "  ✗ First   test/a.test.ts: failed test (of 2 tests)",
      "  ✗ Second  no test ran that shows b",
      "",
    ].join("\n"),
  );
});

test("rows have names of their own", () => {
  const names = tables.flatMap((t) => Object.keys(t.rows));
  expect(new Set(names).size).toBe(names.length);
  expect(tables[0]?.rows).toBe(documentRows);
});
