/** Limits of each direction of a trunk, beside the common one: counted from the INVITE, on every trunk that a call uses. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { type Agent, accepts as agentAccepts, agentSink } from "./kit/agent.ts";
import { accepts, refuses, ringsFor, silent } from "./kit/behaviours.ts";
import { type Dialog, dialogOf, hangUp, within } from "./kit/call.ts";
import { headerLines, methodOf, response, sdp, statusOf, unique } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { type Server, sipServer } from "./kit/server.ts";
import { sessionLabel } from "./kit/session-label.ts";
import { sleep } from "./kit/world.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const agentAt = "10.0.4.10";
const pbxAt = "203.0.113.10";
const officeAt = "203.0.113.11";
const fastAt = "203.0.113.12";
const providerAt = "203.0.113.50";
const backupAt = "203.0.113.51";
const perSecond = 4;

let lab: Lab;
let edge: Edge;
let agent: Agent;
let pbx: Party;
let office: Party;
let fast: Party;
let provider: Server;
let backup: Server;

const agents = { sarah: { uri: `sip:${agentAt}:5080` } };
const toSarah = (to_uri: string) => ({ match: { to_uri }, agent_id: "sarah" });
const from = (address: string) => ({ type: "ip_allowlist", allowed_ips: [address] });
const to = (address: string) => ({ uri: `sip:${address}:5060`, allowed_destinations: ["+1"] });

beforeAll(async () => {
  lab = await openLab({
    addresses: [
      ...[edgeAt.address, agentsSide.address, agentAt],
      ...[pbxAt, officeAt, fastAt, providerAt, backupAt],
    ],
  });
  edge = await startEdge(lab, {
    network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
    outbound_routes: [{ match: { to_prefix: "+1212" }, via: ["narrow", "wide"] }],
    trunks: [
      {
        crew_id: "acme",
        agents,
        limits: { calls: 3, inbound: { calls: 2 }, outbound: { calls: 2 } },
        sip: { auth: from(pbxAt), inbound_routes: [toSarah("+14155550001")], outbound: to(providerAt) },
      },
      {
        crew_id: "office",
        agents,
        limits: { inbound: { calls: 3 } },
        sip: {
          auth: from(officeAt),
          inbound_routes: [
            { match: { to_uri: "+14155550009" }, refuse: { code: 603 } },
            {
              match: { to_uri: "+14155550002" },
              forward: { number: "+14155550177", via: "acme" },
              on_failure: [{ refuse: { code: 486 } }],
            },
          ],
        },
      },
      {
        crew_id: "fast",
        agents,
        limits: { inbound: { calls_per_second: perSecond } },
        sip: { auth: from(fastAt), inbound_routes: [toSarah("+14155550003")] },
      },
      {
        crew_id: "narrow",
        agents,
        limits: { outbound: { calls: 1 }, response: { code: 486, reason: "All Lines Busy" } },
        sip: { outbound: to(providerAt) },
      },
      { crew_id: "wide", agents, sip: { outbound: to(backupAt) } },
    ],
  });
  agent = await agentSink(lab, agentAt, 5080, agentsSide);
  pbx = await party(lab, pbxAt, 5060, edgeAt);
  office = await party(lab, officeAt, 5060, edgeAt);
  fast = await party(lab, fastAt, 5060, edgeAt);
  provider = await sipServer(lab, providerAt, 5060, accepts());
  backup = await sipServer(lab, backupAt, 5060, accepts());
});
afterAll(async () => {
  await provider?.close();
  await backup?.close();
  await agent?.close();
  await edge?.stop();
  await lab?.close();
});
beforeEach(() => {
  provider.answerWith(accepts());
  backup.answerWith(accepts());
  agent.answerWith(agentAccepts);
});

interface Calling {
  readonly by: Party;
  readonly invite: () => string;
}
const inbound = (by: Party, number: string): Calling => ({
  by,
  invite: () => by.make({ uri: `sip:${number}@${edgeAt.address}`, callId: unique("in") }),
});
const outbound = (trunk: string | undefined, number = "+14155550123"): Calling => ({
  by: agent,
  invite: () =>
    agent.make({
      uri: `sip:${number}@${agentsSide.address}:5080`,
      callId: unique("out"),
      headers: trunk === undefined ? [] : [`X-Crew-Trunk: ${trunk}`],
    }),
});
const acmeIn = () => inbound(pbx, "+14155550001");
const acmeOut = () => outbound("acme");
const forwarded = () => inbound(office, "+14155550002");

interface Held {
  readonly by: Party;
  readonly dialog: Dialog;
}
async function hold({ by, invite }: Calling): Promise<Held> {
  const text = invite();
  const answer = await by.ask(text, 5000);
  expect(answer.split("\r\n")[0]).toBe("SIP/2.0 200 OK");
  const dialog = dialogOf(text, answer);
  await by.send(within(by, dialog, "ACK"));
  // The ACK must be there before the BYE, which another process may take.
  await sleep(30);
  return { by, dialog };
}
async function end(held: readonly Held[]): Promise<void> {
  for (const { by, dialog } of held) expect(statusOf(await hangUp(by, dialog))).toBe(200);
}
async function full({ by, invite }: Calling): Promise<void> {
  const answer = await by.ask(invite(), 5000);
  expect(answer.split("\r\n")[0]).toMatch(/^SIP\/2.0 503 /);
  expect(headerValues(answer, "Retry-After")).toEqual([]);
}
/** Exactly so many calls have a place. */
async function room(calling: () => Calling, places: number): Promise<void> {
  const held: Held[] = [];
  for (let i = 0; i < places; i++) held.push(await hold(calling()));
  await full(calling());
  await end(held);
}
async function counters(): Promise<Readonly<Record<string, string>>> {
  const socket = `unix:${edge.folder}/private/ctl.sock`;
  const { output } = await lab.exec(edge.runtime.command("kamcmd", ["-s", socket, "htable.dump", "count"]));
  const rows = [...output.matchAll(/name: (\S+)[\s\S]*?value: (-?\d+)/g)];
  return Object.fromEntries(rows.map(([, name = "", n = ""]) => [name, n]));
}

test("a full direction leaves the other its calls, and both together end at the common limit", async () => {
  shows("behaviour/26-limits");
  const held = [await hold(acmeIn()), await hold(acmeIn())];
  await full(acmeIn());
  held.push(await hold(acmeOut()));
  await full(acmeOut());
  await end(held.splice(0, 1));
  held.push(await hold(acmeOut()));
  await full(acmeOut());
  await full(acmeIn());
  await end(held);
  await room(acmeIn, 2);
  await room(acmeOut, 2);
});

test("a refused call reaches no carrier, and its record names the limit", async () => {
  const held = [await hold(acmeOut()), await hold(acmeOut())];
  const before = provider.requests("INVITE").length;
  await full(acmeOut());
  expect(provider.requests("INVITE")).toHaveLength(before);
  await end(held);
  const reasons = (): unknown[] => edge.records("refused").map((r) => [r.trunk, r.code, r.reason]);
  await expect.poll(reasons).toContainEqual(["acme", 503, "outbound.calls"]);
  expect(reasons()).toContainEqual(["acme", 503, "inbound.calls"]);
  expect(reasons()).toContainEqual(["acme", 503, "calls"]);
});

test("ringing counts, and CANCEL frees it", async () => {
  provider.answerWith(ringsFor(20_000), accepts());
  const ringing: (() => Promise<void>)[] = [];
  for (let i = 0; i < 2; i++) {
    const invite = acmeOut().invite();
    const callId = headerValues(invite, "Call-ID")[0] ?? "";
    const done = agent.ask(invite, 20_000);
    await agent.peer.receive(3000, (d) => statusOf(d.text) === 180 && d.text.includes(callId));
    const cancel = [
      invite.split("\r\n")[0]?.replace("INVITE", "CANCEL"),
      ...headerLines(invite).filter((l) => /^(via|from|to|call-id|max-forwards):/i.test(l)),
      ...["CSeq: 1 CANCEL", "Content-Length: 0", "", ""],
    ].join("\r\n");
    ringing.push(async () => {
      expect(statusOf(await agent.ask(cancel))).toBe(200);
      expect(statusOf(await done)).toBe(487);
    });
  }
  await full(acmeOut());
  for (const stop of ringing) await stop();
  provider.answerWith(accepts());
  await room(acmeOut, 2);
});

test.each([
  ["486 Busy Here", 486],
  ["503 Service Unavailable", 503],
  ["302 Moved", 480],
])("a carrier's %s frees the place", async (status, code) => {
  provider.answerWith(refuses(status));
  for (let i = 0; i < 3; i++) expect(statusOf(await agent.ask(acmeOut().invite()))).toBe(code);
  provider.answerWith(accepts());
  await room(acmeOut, 2);
});

test("a carrier that never answers: the place is free again", async () => {
  provider.answerWith(silent);
  const asked = [agent.ask(acmeOut().invite(), 9000), agent.ask(acmeOut().invite(), 9000)];
  await expect.poll(counters).toMatchObject({ "acme.outbound": "2" });
  await full(acmeOut());
  for (const answer of await Promise.all(asked)) expect(statusOf(answer)).toBe(503);
  provider.answerWith(accepts());
  await room(acmeOut, 2);
}, 20_000);

test.each([
  ["with an offer", "acme.inbound", undefined],
  ["without one", "acme.inbound", ""],
])("the relay knows what a call %s counts for", async (_, scope, body) => {
  const text = pbx.make({
    uri: `sip:+14155550001@${edgeAt.address}`,
    callId: unique("label"),
    ...(body === undefined ? {} : { body }),
  });
  const answer = await pbx.ask(text, 5000);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(text, answer);
  expect(await sessionLabel(lab, dialog.callId)).toBe(`${scope}/${dialog.fromTag}`);
  await pbx.send(within(pbx, dialog, "ACK", body === undefined ? {} : { body: sdp(pbxAt) }));
  await sleep(30);
  await end([{ by: pbx, dialog }]);
});

test("the relay knows both trunks of a forwarded call, and the one of a dialled call", async () => {
  const held = [await hold(forwarded()), await hold(acmeOut())];
  const labels = await Promise.all(held.map(({ dialog }) => sessionLabel(lab, dialog.callId)));
  expect(labels.map((l) => l.split("/")[0])).toEqual(["office.inbound+acme.outbound", "acme.outbound"]);
  await end(held);
});

test("a carrier that hangs up frees the place", async () => {
  const first = await hold(acmeOut());
  const second = await hold(acmeOut());
  const invite = provider.requests("INVITE").find((t) => t.includes(first.dialog.callId)) ?? "";
  const answered = provider.ask(provider.within(invite, "BYE"), 3000, edgeAt);
  const got = await agent.peer.receive(2000, (d) => methodOf(d.text) === "BYE");
  await agent.send(response(got.text, "200 OK"), got);
  expect(statusOf(await answered)).toBe(200);
  const third = await hold(acmeOut());
  await full(acmeOut());
  await end([second, third]);
});

describe("a forwarded call", () => {
  test("counts on both trunks, and frees both", async () => {
    const held = [await hold(forwarded()), await hold(forwarded())];
    expect(await counters()).toMatchObject({ "office.inbound": "2", "acme.outbound": "2", acme: "2" });
    await full(acmeOut());
    await end(held);
    expect(await counters()).toMatchObject({ "office.inbound": "0", "acme.outbound": "0", acme: "0" });
  });

  test("goes on to its next choice where the other trunk is full, and keeps no place", async () => {
    const held = [await hold(acmeOut()), await hold(acmeOut())];
    expect(statusOf(await office.ask(forwarded().invite()))).toBe(486);
    expect(await counters()).toMatchObject({ office: "0", "office.inbound": "0", acme: "2" });
    await end(held);
    provider.answerWith(refuses("503 Service Unavailable"));
    expect(statusOf(await office.ask(forwarded().invite()))).toBe(486);
    expect(await counters()).toMatchObject({ office: "0", "office.inbound": "0", acme: "0" });
  });
});

describe("an outbound route with two trunks", () => {
  const routed = () => outbound(undefined, "+12125550123");
  const last = (server: Server) => server.requests("INVITE").length;

  test("a call takes the second one where the first is full", async () => {
    const [a, b] = [last(provider), last(backup)];
    const held = [await hold(routed()), await hold(routed())];
    expect([last(provider) - a, last(backup) - b]).toEqual([1, 1]);
    await end(held.splice(0, 1));
    held.push(await hold(routed()));
    expect([last(provider) - a, last(backup) - b]).toEqual([2, 1]);
    await end(held);
  });

  test("a call that goes on to the second one gives the first one's place back", async () => {
    provider.answerWith(refuses("503 Service Unavailable"));
    const moved = await hold(routed());
    expect(await counters()).toMatchObject({ "narrow.outbound": "0", "wide.outbound": "1" });
    provider.answerWith(accepts());
    const narrow = await hold(outbound("narrow"));
    const busy = await agent.ask(outbound("narrow").invite());
    expect(busy.split("\r\n")[0]).toBe("SIP/2.0 486 All Lines Busy");
    await end([narrow]);
    await end([moved]);
    expect(await counters()).toMatchObject({ narrow: "0", wide: "0" });
  });
});

test.each([
  ["inbound", () => acmeIn()],
  ["outbound", () => acmeOut()],
])("of twenty %s calls at once, as many as allowed have a place", async (_, calling) => {
  const placed = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const { by, invite } = calling();
      const text = invite();
      return { by, text, answer: await by.ask(text, 10_000) };
    }),
  );
  const answered = placed.filter(({ answer }) => statusOf(answer) === 200);
  expect(placed.filter(({ answer }) => statusOf(answer) === 503)).toHaveLength(18);
  expect(answered).toHaveLength(2);
  for (const { by, text, answer } of answered) {
    const dialog = dialogOf(text, answer);
    await by.send(within(by, dialog, "ACK"));
    await sleep(30);
    await end([{ by, dialog }]);
  }
});

const clockSecond = (): number => Math.floor(Date.now() / 1000);

test("more inbound calls in a second than allowed: plain 503", async () => {
  const calling = () => inbound(fast, "+14155550003");
  // The edge counts by seconds of the clock, and a busy machine may take more than one to bring all calls there.
  let codes: readonly string[] = [];
  for (let second = 0, after = 1; second !== after; after = clockSecond()) {
    await sleep(1000 - (Date.now() % 1000) + 30);
    second = clockSecond();
    codes = await Promise.all(
      Array.from({ length: perSecond * 2 }, () => calling().by.ask(calling().invite(), 5000)),
    );
  }
  expect(codes.filter((t) => statusOf(t) === 200)).toHaveLength(perSecond);
  const refused = codes.filter((t) => statusOf(t) === 503);
  expect(refused).toHaveLength(perSecond);
  expect(refused.flatMap((t) => headerValues(t, "Retry-After"))).toEqual([]);
}, 30_000);
