/** Which rows a run has shown: from the results of its tests, and nothing else. */

export interface Outcome {
  readonly file: string;
  readonly name: string;
  readonly shows: readonly string[];
  readonly state: "passed" | "failed" | "skipped" | "pending";
}

export interface Shown {
  readonly row: string;
  readonly title: string;
  /** By a test that passed, with no other one of the row that did not; `absent` where no test ran. */
  readonly state: "shown" | "broken" | "absent";
  readonly tests: readonly Outcome[];
}

/** A row for each title, in their order. */
export function shown(
  rows: Readonly<Record<string, string>>,
  outcomes: readonly Outcome[],
): readonly Shown[] {
  return Object.entries(rows).map(([row, title]) => {
    const tests = outcomes.filter((o) => o.shows.includes(row));
    return { row, title, state: stateOf(tests), tests };
  });
}

function stateOf(tests: readonly Outcome[]): Shown["state"] {
  if (tests.some((t) => t.state !== "passed")) return "broken";
  return tests.length === 0 ? "absent" : "shown";
}

const marks = { shown: "✓", broken: "✗", absent: "✗" } as const;

/** The table as text, one line for each row: what it says, and the first test that shows it or that does not. */
export function tableText(title: string, rows: readonly Shown[]): string {
  const width = Math.max(...rows.map((r) => r.title.length));
  const lines = rows.map((r) => {
    const test = r.tests.find((t) => t.state !== "passed") ?? r.tests[0];
    const others = r.tests.length > 1 ? ` (of ${r.tests.length} tests)` : "";
    const by = test === undefined ? `no test ran that shows ${r.row}` : `${test.file}: ${test.name}${others}`;
    return `  ${marks[r.state]} ${r.title.padEnd(width)}  ${by}`;
  });
  const count = rows.filter((r) => r.state === "shown").length;
  return `${title}: ${count} of ${rows.length} rows shown\n${lines.join("\n")}\n`;
}
