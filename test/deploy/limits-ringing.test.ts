/** Calls that ring have their places right after a swap and right after the death of Kamailio, in both directions of a trunk. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { accepts } from "../e2e/kit/behaviours.ts";
import { statusOf, unique } from "../e2e/kit/message.ts";
import { type Behaviour, type Server, sipServer } from "../e2e/kit/server.ts";
import { type DeployLab, killKamailio, openDeployLab } from "./edge.ts";

const carrierSide = { address: "127.0.0.1", port: 5060 } as const;
const agentsSide = { address: "127.0.0.1", port: 5080 } as const;
const [agentAt, pbxAt, providerAt, quickAt] = ["127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7"] as const;
const number = "+14155551111";
const calls = 2;
const perSecond = 3;

let edge: DeployLab;
let pbx: Server;
let quick: Server;
let agent: Server;
let provider: Server;
let round = 0;

/** Every configuration has one number more: the route table changes, and with it the generation. */
async function deploy(): Promise<void> {
  round += 1;
  const agents = { sarah: { uri: `sip:${agentAt}:5080` } };
  const numbers = [number, ...Array.from({ length: round }, (_, i) => `+1415555${3000 + i}`)];
  const from = (address: string): object => ({
    auth: { type: "ip_allowlist", allowed_ips: [address] },
    inbound_routes: numbers.map((to_uri) => ({ match: { to_uri }, agent_id: "sarah" })),
    codecs: [{ name: "PCMU" }],
  });
  const outbound = { uri: `sip:${providerAt}:5060`, allowed_destinations: ["+1"] };
  edge.configure(
    [],
    {},
    {
      trunks: [
        {
          crew_id: "acme",
          agents,
          sip: { ...from(pbxAt), outbound },
          limits: { inbound: { calls }, outbound: { calls } },
        },
        { crew_id: "quick", agents, sip: from(quickAt), limits: { calls_per_second: perSecond } },
      ],
    },
  );
  const deployed = await edge.deploy();
  expect(deployed.code, deployed.output).toBe(0);
}

/** 180 to INVITE, and 486 when the test says that it has rung enough. */
let enough = new EventTarget();
const rings: Behaviour = async function* (turn, next) {
  if (turn.method !== "INVITE") return yield* next();
  const refuses = new Promise((resolve) => enough.addEventListener("refuse", resolve, { once: true }));
  yield turn.reply("180 Ringing");
  await refuses;
  yield turn.reply("486 Busy Here");
};

beforeAll(async () => {
  edge = await openDeployLab();
  pbx = await sipServer(edge.lab, pbxAt, 5060, accepts());
  quick = await sipServer(edge.lab, quickAt, 5060, accepts());
  agent = await sipServer(edge.lab, agentAt, 5080, rings, accepts());
  provider = await sipServer(edge.lab, providerAt, 5060, rings, accepts());
  await deploy();
});
afterAll(async () => {
  for (const p of [pbx, quick, agent, provider]) await p?.close();
  await edge?.close();
});

interface Way {
  readonly from: Server;
  readonly callee: Server;
  readonly side: typeof carrierSide | typeof agentsSide;
  readonly invite: () => string;
}
const inwards = (from: Server): Way => ({
  from,
  callee: agent,
  side: carrierSide,
  invite: () => from.make({ uri: `sip:${number}@127.0.0.1`, callId: unique("in") }),
});
const ways = (): readonly Way[] => [
  inwards(pbx),
  {
    from: agent,
    callee: provider,
    side: agentsSide,
    invite: () =>
      agent.make({
        uri: "sip:+14155550123@127.0.0.1:5080",
        callId: unique("out"),
        headers: ["X-Crew-Trunk: acme"],
      }),
  },
];

/** How a call ends that does not ring; its INVITE comes again, as over UDP, until it is answered. */
async function end({ from, side, invite }: Way): Promise<number> {
  const text = invite();
  const again = setInterval(() => void from.send(text, side).catch(() => {}), 500);
  const answer = await from.ask(text, 20_000, side).finally(() => clearInterval(again));
  return statusOf(answer);
}

/** Begins a call: 180 where it rings, else the code of its end. */
async function begin({ from, side, invite }: Way): Promise<{ status: number; end: Promise<number> }> {
  const text = invite();
  const callId = headerValues(text, "Call-ID")[0];
  const end = from.ask(text, 170_000, side).then(statusOf, () => 0);
  const rung = from.peer
    .receive(8000, (d) => statusOf(d.text) === 180 && headerValues(d.text, "Call-ID")[0] === callId)
    .then(
      () => 180,
      () => 0,
    );
  return { status: await Promise.race([rung, end]), end };
}

/** As many calls as allowed ring, in both directions; gives their ends. */
async function fill(): Promise<readonly Promise<number>[]> {
  const ends: Promise<number>[] = [];
  for (const way of ways().flatMap((way) => Array.from({ length: calls }, () => way))) {
    const { status, end } = await begin(way);
    expect(status).toBe(180);
    ends.push(end);
  }
  return ends;
}

/** A place of each direction is free. What the process before the swap ended, this one learns of soon after. */
async function free(): Promise<void> {
  for (const way of ways()) {
    let last: Awaited<ReturnType<typeof begin>> | undefined;
    const status = async () => {
      last = await begin(way);
      return last.status;
    };
    await expect.poll(status, { timeout: 20_000, interval: 300 }).toBe(180);
    if (last) await ringsNoMore([last.end]);
  }
}

/** No direction has a place left. */
async function full(): Promise<void> {
  const reached = () => ways().map(({ callee }) => callee.requests("INVITE").length);
  const before = reached();
  const more = ways().flatMap((way) => Array.from({ length: 5 }, () => end(way)));
  expect([...new Set(await Promise.all(more))]).toEqual([503]);
  expect(reached()).toEqual(before);
}

async function ringsNoMore(ends: readonly Promise<number>[]): Promise<void> {
  enough.dispatchEvent(new Event("refuse"));
  enough = new EventTarget();
  expect([...new Set(await Promise.all(ends))]).toEqual([486]);
}

test("they count right after a swap, and give their places back when they end", async () => {
  shows("behaviour/26-limits");
  const ringing = await fill();
  await full();
  await deploy();
  await full();
  await ringsNoMore(ringing);
  await free();
  const next = await fill();
  await full();
  await ringsNoMore(next);
});

test("calls_per_second holds from the first second after a swap", async () => {
  await deploy();
  const burst = 30;
  const way = inwards(quick);
  const seconds = () => Math.floor(Date.now() / 1000);
  const before = agent.requests("INVITE").length;
  const mark = quick.mark();
  const began = seconds();
  const invites = Array.from({ length: burst }, way.invite);
  const ends = invites.map((text) => quick.ask(text, 170_000, carrierSide).then(statusOf, () => 0));
  const answered = (status: number) =>
    new Set(
      quick
        .since(mark)
        .filter((text) => statusOf(text) === status)
        .map((text) => headerValues(text, "Call-ID")[0]),
    ).size;
  await expect.poll(() => answered(180) + answered(503), { timeout: 20_000 }).toBe(burst);
  const most = perSecond * (seconds() - began + 1);
  const rung = agent.requests("INVITE").length - before;
  expect([rung, answered(180)]).toEqual([answered(180), burst - answered(503)]);
  expect(rung).toBeGreaterThanOrEqual(perSecond);
  expect(rung).toBeLessThanOrEqual(most);
  enough.dispatchEvent(new Event("refuse"));
  enough = new EventTarget();
  await Promise.all(ends);
});

// The last one: nobody tells those who called of what rings on.
test("they count right after the death of Kamailio", async () => {
  shows("behaviour/26-limits");
  await fill();
  await full();
  await killKamailio(edge.lab);
  await full();
});
