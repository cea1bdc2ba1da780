/** What is over is forgotten: neither process keeps anything of a call that has ended. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { everyKind } from "./call-kinds.ts";
import { kindAgents, startKindAgents } from "./call-load.ts";
import { draft, openWorld, sleep, toAgent, type World } from "./call-world.ts";

const host = "10.0.4.10";
const answered = everyKind.filter(({ name }) => name === "answered at once");
const batch = 300;

let world: World;
beforeAll(async () => {
  world = await openWorld(draft(kindAgents(answered, host), [toAgent(0, "kind_0")]));
  await startKindAgents(world.lab, answered, host);
});
afterAll(() => world.close());

/** The calls that Kamailio's rtpengine module has in its own table. */
async function remembered(): Promise<number> {
  const { lab, edge } = world;
  const socket = `unix:${join(edge.folder, "private/ctl.sock")}`;
  const { output } = await lab.exec(
    edge.runtime.command("kamcmd", ["-s", socket, "rtpengine.get_hash_total"]),
  );
  return Number(/\d+/.exec(output)?.[0]);
}

// A call has two entries, of its offer and of its answer. One that is too old goes when a later call looks at its chain, of which
// there are 256.
test("after two batches of calls, most of the first one is gone", async () => {
  await world.inUse(`${host}:5100`);
  for (let i = 0; i < 2; i++) {
    const { ok, failed } = await world.sipp(0, { calls: batch, rate: 150 });
    expect({ ok, failed }).toEqual({ ok: batch, failed: 0 });
    if (i === 0) await sleep(3000);
  }
  expect(await world.sessions()).toEqual([]);
  const total = await remembered();
  expect(total).toBeGreaterThan(0);
  expect(total).toBeLessThan(3 * batch);
}, 60_000);
