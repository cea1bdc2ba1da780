/** What failed in a run of the tests, one line each: from vitest's JSON report. */
import { relative } from "node:path";

/** The part of vitest's JSON report that is read here (https://vitest.dev/guide/reporters.html#json-reporter). */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly FileReport[];
}

export interface FileReport {
  /** Path of the file. */
  readonly name: string;
  readonly status: string;
  /** Why the file as a whole failed: it could not be loaded, or a hook threw. */
  readonly message: string;
  readonly assertionResults: readonly {
    readonly ancestorTitles: readonly string[];
    readonly title: string;
    readonly status: string;
    readonly failureMessages?: readonly string[] | null;
  }[];
}

const colours = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

/** The first line that says something, without colours and no longer than a terminal shows at a glance. */
function firstLine(text: string): string {
  const line = text
    .replace(colours, "")
    // A message may begin with an empty line behind the error's name.
    .replace(/^(\s*\w*Error:)\s+/, "$1 ")
    .split("\n")
    .map((l) => l.trim())
    .find((l) => l !== "");
  return line === undefined ? "no message" : line.length > 200 ? `${line.slice(0, 199)}…` : line;
}

/** `file > describe > test: message`, for each test that failed or did not run, and for each file that failed outside of its tests. */
export function failures(report: TestReport, root: string): readonly string[] {
  return report.testResults.flatMap((file) => {
    const path = relative(root, file.name);
    const tests = file.assertionResults.filter((t) => t.status !== "passed");
    const lines = tests.map((t) => {
      const name = [path, ...t.ancestorTitles, t.title].join(" > ").replaceAll(/\s*\n\s*/g, " ");
      const why =
        t.status === "failed" ? firstLine(t.failureMessages?.[0] ?? "") : `did not run (${t.status})`;
      return `${name}: ${why}`;
    });
    const failedItself = file.status === "failed" && (file.message !== "" || lines.length === 0);
    return failedItself ? [`${path}: ${firstLine(file.message)}`, ...lines] : lines;
  });
}
