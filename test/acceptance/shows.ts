import { TestRunner } from "vitest";
import type { Row } from "./rows.ts";

declare module "vitest" {
  interface TaskMeta {
    shows?: readonly Row[];
  }
}

/** Says, as the first thing in a test, which rows of the acceptance tables it shows where it passes. */
export function shows(...rows: readonly Row[]): void {
  const test = TestRunner.getCurrentTest();
  if (test === undefined) throw new Error(`shows(${rows.join(", ")}) stands outside of a test`);
  test.meta.shows = rows;
}
