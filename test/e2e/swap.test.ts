/** Ten deployments of changed logic under calls of every kind, in every state. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enginesDirectory } from "../../src/host/root-spec.ts";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import type { Message } from "../../src/phone/message.ts";
import { type SippResult, sippAgent, sippCall } from "../../src/phone/sipp.ts";
import { caller } from "../../src/phone/sipp-caller.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { everyKind } from "./call-kinds.ts";
import { changedEdge, longRing, startKindAgents, startLoad, table, talkers } from "./call-load.ts";
import { agentsSide, dial, edgeAt, number, saw, sleep } from "./call-world.ts";

const agentHost = "10.0.4.10";
const deployments = 10;

let lab: Lab;
beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address] });
});
afterAll(() => lab.close());

/** Empty where the deployment went well. */
async function deploy(n: number): Promise<string> {
  const config = join(lab.dir, "crew.config.json");
  writeFileSync(config, JSON.stringify(changedEdge(n, agentHost)));
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const words = [process.execPath, "--import", import.meta.resolve("tsx"), main, "deploy", config];
  const env = { CREW_ENGINE_DIR: enginesDirectory(process.env) };
  const o = { env, ms: 120_000 };
  const { code, output } = await lab.exec([...words, "--yes", "--state", join(lab.dir, "state")], o);
  return code === 0 ? "" : `deployment ${n} ended with ${code}:\n${output}`;
}

interface Talk {
  readonly transport: string;
  readonly caller: Phone;
  readonly agent: Phone;
  readonly began: number;
}

/** Two phones, talking. */
async function talk(t: (typeof talkers)[number]): Promise<Talk> {
  const start = async (address: string, port: number, playHz: number): Promise<Phone> => {
    const place = { launcher: await lab.host(address), tools: lab.tools, dir: join(lab.dir, address) };
    return phone({ ...place, name: address, address, port, playHz, playMs: 300_000 });
  };
  const [agent, caller] = await Promise.all([start(t.agent, 5080, 1100), start(t.caller, 5060, 700)]);
  expect(await caller.dial(dial(t.number, t.transport))).toMatchObject({ answered: true });
  await agent.incoming(2000);
  return { transport: t.transport, caller, agent, began: Date.now() };
}

/** The share of the time so far in which each heard the other. */
const heardShare = ({ caller, agent, began }: Talk): readonly number[] =>
  [caller.heard(1100), agent.heard(700)].map((r) => r.ms / (Date.now() - began));

/** Rings for longer than a minute, and so through most of the deployments. */
async function startLongRing(): Promise<SippResult> {
  const place = async (address: string) => ({
    ...{ launcher: await lab.host(address), tools: lab.tools, dir: join(lab.dir, "long"), address },
    receiveMs: 100_000,
  });
  await sippAgent(
    { ...(await place(agentHost)), name: "rings", port: longRing.port, rtpPort: 40_000 },
    { ringMs: longRing.ms },
  );
  const remote = `${edgeAt.address}:${edgeAt.port}`;
  return sippCall(
    { ...(await place("203.0.113.12")), name: "waits", remote },
    caller({ to: number(longRing.number) }),
  );
}

test("no call fails, whatever its state, and a call that spans them all keeps its audio", async () => {
  expect(await deploy(0)).toBe("");
  await startKindAgents(lab, everyKind, agentHost);
  const ringing = startLongRing();
  const load = await startLoad(lab, everyKind, "203.0.113.10");
  await sleep(2000);
  const talks = await Promise.all(talkers.map(talk));
  const seconds: string[] = [];
  const problems: string[] = [];
  for (let n = 1; n <= deployments; n++) {
    const start = Date.now();
    const problem = await deploy(n);
    seconds.push(((Date.now() - start) / 1000).toFixed(1));
    if (problem !== "") problems.push(problem);
  }
  await sleep(1500);
  const heard = talks.map(heardShare);
  const [byUdp, byTcp] = talks;
  byUdp?.caller.hangUp();
  await byUdp?.agent.ended(3000);
  byTcp?.agent.hangUp();
  await byTcp?.caller.ended(3000);
  const outcomes = await load.finish();
  const long = await ringing;
  console.log(
    [
      `${deployments} deployments in ${seconds.join(" ")} s`,
      ...talks.map(
        (t, i) =>
          `held over ${t.transport}: heard ${heard[i]?.map((h) => `${Math.round(h * 100)} %`).join(" and ")}`,
      ),
      table(outcomes),
    ].join("\n"),
  );
  expect(problems).toEqual([]);
  expect(long).toMatchObject({ ok: 1, codes: { 200: 1 }, retransmissions: 0, errors: "" });
  expect(long.answerMs[0]).toBeGreaterThan(longRing.ms - 100);
  expect(outcomes.filter((o) => o.asWanted !== o.calls)).toEqual([]);
  for (const h of heard.flat()) expect(h).toBeGreaterThan(0.9);
  // What a phone prints of a message reaches the test a moment after the message.
  const gotBye = (peer: { messages(): readonly Message[] } | undefined) => () =>
    saw(peer?.messages() ?? [], "received", "BYE");
  await expect.poll(gotBye(byUdp?.agent), { timeout: 3000 }).toBe(true);
  await expect.poll(gotBye(byTcp?.caller), { timeout: 3000 }).toBe(true);
}, 600_000);
