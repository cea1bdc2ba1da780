/** Every program as caller and as agent: audio both ways, and either side hangs up. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { phone } from "../../src/phone/baresip.ts";
import { shows } from "../acceptance/shows.ts";
import { startAsterisk } from "../lab/asterisk.ts";
import { soon } from "../lab/edge.ts";
import { startAgent, startCaller, type TestAgent, type TestCaller, type Via } from "../lab/peers.ts";
import { agentsSide, dial, draft, openWorld, saw, sleep, toAgent, type World } from "./call-world.ts";

const programs: readonly Via[] = ["sipp", "baresip", "asterisk"];
const callerAt: Record<Via, string> = {
  sipp: "203.0.113.10",
  baresip: "203.0.113.11",
  asterisk: "203.0.113.12",
};
const agentAt: Record<Via, string> = { sipp: "10.0.4.10", baresip: "10.0.4.11", asterisk: "10.0.4.12" };

let world: World;
beforeAll(async () => {
  const agents = Object.fromEntries(
    programs.flatMap((via) => [
      [via, { uri: `sip:${agentAt[via]}:5080` }],
      [`${via}_ends`, { uri: `sip:${agentAt[via]}:5090` }],
    ]),
  );
  const routes = programs.flatMap((via, i) => [toAgent(i, via), toAgent(10 + i, `${via}_ends`)]);
  world = await openWorld(draft(agents, routes));
});
afterAll(() => world.close());

describe("the caller hangs up", () => {
  const callers = new Map<Via, TestCaller>();
  const agents = new Map<Via, TestAgent>();
  beforeAll(async () => {
    await Promise.all(
      programs.flatMap((via) => [
        startAgent(world.lab, { via, at: `${agentAt[via]}:5080`, edge: agentsSide.address }).then((a) =>
          agents.set(via, a),
        ),
      ]),
    );
  });
  afterAll(async () => {
    await Promise.all([...agents.values(), ...callers.values()].map((p) => p.stop()));
  });

  async function call(from: Via, to: Via): Promise<void> {
    const what = `${from} to ${to}`;
    const agent = agents.get(to);
    if (agent === undefined) throw new Error(`no agent ${to}`);
    const before = agent.messages().length;
    const caller = await startCaller(world.lab, {
      via: from,
      from: `${callerAt[from]}:${5060 + 2 * programs.indexOf(to)}`,
      to: dial(programs.indexOf(to)),
    });
    callers.set(from, caller);
    const result = await caller.call({ talkMs: 1200, expectHz: to === "sipp" ? 700 : 1100 });
    expect({ what, ...result }).toMatchObject({ what, answered: true, code: 200, heardTone: true });
    if (to !== "sipp") expect((await agent.heard(700)).heard, what).toBe(true);
    await expect
      .poll(() => saw(agent.messages().slice(before), "received", "BYE"), { timeout: 2000, message: what })
      .toBe(true);
    await caller.stop();
  }

  // Each program is one caller and one agent at a time.
  test.each([0, 1, 2])("audio both ways, round %i of all pairs", async (round) => {
    shows("behaviour/01-basic-call");
    await Promise.all(programs.map((from, i) => call(from, programs[(i + round) % 3] ?? "sipp")));
    await expect.poll(() => world.sessions(), { timeout: 2000 }).toEqual([]);
  });
});

describe("the agent hangs up", () => {
  test("SIPp to baresip", async () => {
    shows("behaviour/01-basic-call");
    const at = await world.lab.host(agentAt.baresip);
    const agent = await phone({
      ...{ launcher: at, tools: world.lab.tools, dir: join(world.lab.dir, "ends"), name: "ends" },
      ...{ address: agentAt.baresip, port: 5090, user: "agent", playHz: 1100, rtpPorts: [29000, 29998] },
    });
    await world.inUse(`${agentAt.baresip}:5090`);
    const caller = await world.caller({
      via: "sipp",
      from: `${callerAt.sipp}:5070`,
      to: dial(11),
      sipp: { end: "callee" },
    });
    const call = caller.call({ talkMs: 10_000 });
    await agent.incoming(5000);
    await sleep(900);
    agent.hangUp();
    const result = await call;
    expect(result).toMatchObject({ answered: true, heardTone: true });
    expect(saw(result.messages, "received", "BYE")).toBe(true);
    expect(agent.heard(700).heard).toBe(true);
    await agent.stop();
  });

  test("baresip to Asterisk", async () => {
    shows("behaviour/01-basic-call");
    const lab = world.lab;
    const agent = await startAsterisk(
      lab,
      "pbx-ends",
      {
        address: agentAt.asterisk,
        port: 5090,
        trunks: { edge: { address: agentsSide.address } },
        agent: { hz: 1100 },
        rtpPorts: [28000, 28998],
      },
      await lab.host(agentAt.asterisk),
    );
    await world.inUse(`${agentAt.asterisk}:5090`);
    const caller = await phone({
      ...{
        launcher: await lab.host(callerAt.baresip),
        tools: lab.tools,
        dir: join(lab.dir, "ended"),
        name: "ended",
      },
      ...{ address: callerAt.baresip, port: 5070, playHz: 700 },
    });
    expect(await caller.dial(dial(12))).toMatchObject({ answered: true });
    await agent.incoming(3000);
    await sleep(900);
    await agent.cli("channel request hangup all");
    await caller.ended(3000);
    expect(saw(caller.messages(), "received", "BYE")).toBe(true);
    expect(caller.heard(1100).heard).toBe(true);
    expect(agent.lastHeard(700).heard).toBe(true);
    await Promise.all([caller.stop(), agent.stop()]);
  });

  test("Asterisk to SIPp", async () => {
    shows("behaviour/01-basic-call");
    const agent = await world.agent({ via: "sipp", at: `${agentAt.sipp}:5090`, sipp: { byeAfterMs: 900 } });
    const caller = await world.caller({ via: "asterisk", from: `${callerAt.asterisk}:5070`, to: dial(10) });
    const result = await caller.call({ talkMs: 8000, expectHz: 700 });
    expect(result).toMatchObject({ answered: true, heardTone: true });
    expect(saw(result.messages, "received", "BYE")).toBe(true);
    expect(saw(agent.messages(), "sent", "BYE")).toBe(true);
    await expect.poll(() => world.sessions(), { timeout: 2000 }).toEqual([]);
    await expect
      .poll(() => world.edge.records("ended").at(-1), soon)
      .toMatchObject({ trunk: "acme", by: "agent" });
  });
});
