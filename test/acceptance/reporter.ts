/** Prints after a run which rows of the document and of the list of behaviours it has shown; a whole run must show all. */
import type { Reporter, TestModule, Vitest } from "vitest/node";
import { tables } from "./rows.ts";
import { shown, tableText } from "./shown.ts";

export default class AcceptanceReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const outcomes = modules.flatMap((m) =>
      [...m.children.allTests()].map((t) => ({
        file: m.relativeModuleId,
        name: t.fullName.replaceAll("\n", " "),
        shows: t.meta().shows ?? [],
        state: t.result().state,
      })),
    );
    const whole = await this.#whole(modules);
    for (const { title, rows } of tables) {
      const all = shown(rows, outcomes);
      const told = whole ? all : all.filter((r) => r.tests.length > 0);
      if (told.length === 0) continue;
      process.stdout.write(`\n${tableText(title, told)}`);
      if (told.some((r) => r.state === "broken" || r.state === "absent")) process.exitCode = 1;
    }
  }

  /** Whether every test of the project ran. */
  async #whole(modules: readonly TestModule[]): Promise<boolean> {
    if (this.#vitest === undefined) return false;
    const every = await this.#vitest.globTestSpecifications();
    return this.#vitest.config.testNamePattern === undefined && modules.length === every.length;
  }
}
