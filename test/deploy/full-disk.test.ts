/** Deployments with a state folder that has no room, at whatever step it runs out. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DeployLab, edgeProcesses, groups, openDeployLab } from "./edge.ts";

const number = "+14155551111";

let edge: DeployLab;
beforeAll(async () => {
  edge = await openDeployLab();
  edge.configure([number]);
});
afterAll(() => edge.close());

/** A state folder of so many kB. */
async function small(kilobytes: number): Promise<string> {
  const state = join(edge.lab.dir, `state-${kilobytes}`);
  mkdirSync(state);
  const mount = ["mount", "-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", state];
  const { code, output } = await edge.lab.exec(mount);
  expect(code, output).toBe(0);
  return state;
}

test.each([64, 160, 200, 240, 280, 320])(
  "%s kB: nothing is left running, and the reason is said",
  async (size) => {
    const state = await small(size);
    const { code, output, codes } = await edge.crew("deploy", ["--yes", "--state", state]);
    expect(codes, output).not.toContain("CREW9001");
    if (code === 0) {
      expect((await edge.call(number)).codes).toEqual({ 200: 1 });
      expect((await edge.crew("down", ["--yes", "--state", state])).code).toBe(0);
    } else {
      expect([1, 6]).toContain(code);
      expect(output).toMatch(/disk is full|ENOSPC|No space left/);
    }
    expect((await groups(edge.lab, edgeProcesses)).size).toBe(0);
  },
);
