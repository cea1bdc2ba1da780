/** Limits of a trunk: ringing calls count, whatever way a call ends frees its place, and the counter is never wrong. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { soon } from "../lab/edge.ts";
import { type Answer, accepts, refuses, rings } from "./kit/agent.ts";
import { type Caller, call, type Dialog, dialogOf, hangUp, within } from "./kit/call.ts";
import { headerLines, methodOf, response, statusOf, unique } from "./kit/message.ts";
import type { Party } from "./kit/party.ts";
import { addresses, agents, edgeAt, openWorld, sleep, toSarah, type World } from "./kit/world.ts";

const calls = 3;
const perSecond = 5;

let world: World;
let quick: Caller;
let burst: Caller;
beforeAll(async () => {
  world = await openWorld({
    trunk: { limits: { calls } },
    trunks: [
      {
        crew_id: "quick",
        agents,
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: ["198.18.0.101"] },
          inbound_routes: [toSarah("+14155551111")],
        },
        limits: { calls_per_second: perSecond },
      },
      {
        crew_id: "burst",
        agents,
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: ["198.18.0.102"] },
          inbound_routes: [toSarah("+14155551111")],
        },
        limits: { calls: 12 },
      },
    ],
  });
  quick = await world.stranger(101);
  burst = await world.stranger(102);
});
afterAll(() => world.close());
beforeEach(() => {
  world.agent.answerWith(accepts);
  world.agent.forget();
});

const full = async (party: Party): Promise<void> => {
  const refused = await party.ask(party.make());
  expect(refused).toMatch(/^SIP\/2.0 503 /);
  expect(headerValues(refused, "Retry-After")).toEqual([]);
};

/** Calls that ring, and how to end one of them by CANCEL. */
async function ringing(party: Party, n: number): Promise<(() => Promise<void>)[]> {
  const ends: (() => Promise<void>)[] = [];
  for (let i = 0; i < n; i++) {
    const callId = unique("ring");
    const invite = party.make({ callId });
    const done = party.ask(invite, 20_000);
    await party.peer.receive(3000, (d) => statusOf(d.text) === 180 && d.text.includes(callId));
    ends.push(async () => {
      await party.ask(cancelOf(invite));
      expect(statusOf(await done)).toBe(487);
    });
  }
  return ends;
}

const cancelOf = (invite: string): string =>
  [
    invite.split("\r\n")[0]?.replace("INVITE", "CANCEL"),
    ...headerLines(invite).filter((l) => /^(via|from|to|call-id|max-forwards):/i.test(l)),
    "CSeq: 1 CANCEL",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");

/** Fills the trunk with answered calls: exactly as many as it may have. */
async function exactly(party: Caller, n: number): Promise<void> {
  const held: Dialog[] = [];
  for (let i = 0; i < n; i++) held.push(await call(party));
  await full(party);
  for (const dialog of held) expect(statusOf(await hangUp(party, dialog))).toBe(200);
}

test("as many calls as allowed, then plain 503 that never reaches the agent, then free again", async () => {
  shows("behaviour/26-limits");
  const { carrier, agent } = world;
  await exactly(carrier, calls);
  expect(agent.requests("INVITE")).toHaveLength(calls);
  await exactly(carrier, calls);
});

test("the record of a refused call names trunk, reason and code", async () => {
  const { carrier } = world;
  const held = [await call(carrier), await call(carrier), await call(carrier)];
  const callId = unique("full");
  await carrier.ask(carrier.make({ callId }));
  for (const dialog of held) await hangUp(carrier, dialog);
  const record = (): string => world.edge.kamailio.lines.find((l) => l.includes(callId)) ?? "";
  await expect.poll(record, soon).toMatch(/"trunk":"acme".*"code":503.*"reason":"calls"/);
});

test("one trunk's calls do not count for another", async () => {
  const { carrier, other } = world;
  const held = [await call(carrier), await call(carrier), await call(carrier)];
  const elsewhere = await call(other, { uri: `sip:+14155552222@${edgeAt.address}` });
  for (const dialog of held) await hangUp(carrier, dialog);
  await hangUp(other, elsewhere);
});

test("ringing calls count, and CANCEL frees them", async () => {
  shows("behaviour/26-limits");
  const { carrier, agent } = world;
  agent.answerWith(rings());
  const ends = await ringing(carrier, calls);
  await full(carrier);
  for (const end of ends) await end();
  agent.answerWith(accepts);
  await exactly(carrier, calls);
});

test.each<[string, Answer, number]>([
  ["486", refuses("486 Busy Here"), 486],
  ["603", refuses("603 Decline"), 603],
  ["503, no agent left", refuses("503 Service Unavailable"), 480],
  ["302", refuses("302 Moved", [`Contact: <sip:x@${addresses.third}>`]), 480],
])("an agent's %s frees the place", async (_, answer, code) => {
  const { carrier, agent } = world;
  agent.answerWith(answer);
  for (let i = 0; i < calls + 2; i++) expect(statusOf(await carrier.ask(carrier.make()))).toBe(code);
  agent.answerWith(accepts);
  await exactly(carrier, calls);
});

test("a BYE of the agent frees the place, a second BYE frees nothing more", async () => {
  const { carrier, agent } = world;
  const held: Dialog[] = [];
  for (let i = 0; i < calls; i++) held.push(await call(carrier));
  const [first] = held;
  const invite = await agent.request("INVITE", first?.callId ?? "");
  const value = (name: string): string => headerValues(invite, name)[0] ?? "";
  const bye = (cseq: number): string =>
    agent.make({
      method: "BYE",
      uri: /<([^>]*)>/.exec(value("Contact"))?.[1] ?? "",
      callId: value("Call-ID"),
      cseq,
      headers: headerValues(invite, "Record-Route").map((r) => `Route: ${r}`),
      instead: { From: [`From: ${value("To")};tag=${agent.tag}`], To: [`To: ${value("From")}`] },
    });
  for (const cseq of [50, 51, 52]) {
    const answered = agent.ask(bye(cseq));
    const got = await carrier.peer.receive(2000, (d) => methodOf(d.text) === "BYE");
    await carrier.send(response(got.text, "200 OK"), got);
    expect(statusOf(await answered)).toBe(200);
  }
  const next = await call(carrier);
  await full(carrier);
  for (const dialog of [next, ...held.slice(1)]) await hangUp(carrier, dialog);
  await exactly(carrier, calls);
});

test("an agent that never answers: the place is free again once the call was refused", async () => {
  const { carrier, agent } = world;
  agent.answerWith(() => []);
  const asked = Array.from({ length: calls }, () => carrier.ask(carrier.make(), 15_000));
  await expect.poll(() => agent.requests("INVITE"), soon).toHaveLength(calls);
  await full(carrier);
  for (const answer of await Promise.all(asked)) expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
  agent.answerWith(accepts);
  await exactly(carrier, calls);
}, 40_000);

test("calls that were refused for other reasons never counted", async () => {
  const { carrier } = world;
  for (let i = 0; i < calls * 2; i++) {
    expect(statusOf(await carrier.ask(carrier.make({ uri: `sip:+14155550000@${edgeAt.address}` })))).toBe(
      404,
    );
    expect(
      statusOf(await carrier.ask(carrier.make({ headers: [`Route: <sip:${addresses.third};lr>`] }))),
    ).toBe(403);
    expect(statusOf(await carrier.ask(carrier.make({ contentType: "text/plain", body: "x" })))).toBe(415);
  }
  await exactly(carrier, calls);
});

const clockSecond = (): number => Math.floor(Date.now() / 1000);

test("more calls in a second than allowed: plain 503, and the next second is free", async () => {
  // The edge counts by seconds of the clock, and a busy machine may take more than one to bring all calls there.
  let codes: readonly string[] = [];
  for (let second = 0, last = 1; second !== last; last = clockSecond()) {
    await sleep(1000 - (Date.now() % 1000) + 30);
    second = clockSecond();
    codes = await Promise.all(Array.from({ length: perSecond * 2 }, () => quick.ask(quick.make())));
  }
  const ok = codes.filter((t) => statusOf(t) === 200);
  const refused = codes.filter((t) => statusOf(t) === 503);
  expect([ok.length, refused.length]).toEqual([perSecond, perSecond]);
  expect(refused.flatMap((t) => headerValues(t, "Retry-After"))).toEqual([]);
  await sleep(1000 - (Date.now() % 1000) + 30);
  expect(statusOf(await quick.ask(quick.make()))).toBe(200);
});

test("after 200 calls of every kind at once, exactly as many as allowed have a place", async () => {
  const { agent } = world;
  const ring = rings();
  agent.answerWith((request, a) => {
    const id = headerValues(request, "Call-ID")[0] ?? "";
    if (id.startsWith("b-busy")) return refuses("486 Busy Here")(request, a);
    if (id.startsWith("b-ring")) return ring(request, a);
    if (id.startsWith("b-gone")) return refuses("480 Gone")(request, a);
    return accepts(request, a);
  });
  const one = async (kind: string): Promise<number> => {
    const callId = unique(`b-${kind}`);
    if (kind === "ring") {
      const invite = burst.make({ callId });
      const done = burst.ask(invite, 20_000);
      await sleep(60);
      await burst.ask(cancelOf(invite), 5000).catch(() => "");
      return statusOf(await done);
    }
    if (kind !== "talk") return statusOf(await burst.ask(burst.make({ callId }), 20_000));
    const invite = burst.make({ callId });
    const answer = await burst.ask(invite, 20_000);
    if (statusOf(answer) !== 200) return statusOf(answer);
    const dialog = dialogOf(invite, answer);
    await burst.send(within(burst, dialog, "ACK"));
    await sleep(20);
    await Promise.all([hangUp(burst, dialog), hangUp(burst, dialog)]);
    return 200;
  };
  const kinds = ["talk", "busy", "ring", "gone"];
  const codes: Record<number, number> = {};
  for (let i = 0; i < 200; i += 20) {
    const batch = Array.from({ length: 20 }, (_, k) => one(kinds[k % kinds.length] ?? ""));
    for (const code of await Promise.all(batch)) codes[code] = (codes[code] ?? 0) + 1;
  }
  expect(Object.values(codes).reduce((a, b) => a + b)).toBe(200);
  expect(Object.keys(codes).filter((c) => !["200", "480", "486", "487", "503"].includes(c))).toEqual([]);
  expect(codes[200] ?? 0).toBeGreaterThan(10);
  agent.answerWith(accepts);
  await exactly(burst, 12);
  const socket = `unix:${world.edge.folder}/private/ctl.sock`;
  const { output } = await world.lab.exec(
    world.edge.runtime.command("kamcmd", ["-s", socket, "htable.dump", "count"]),
  );
  const counts = [...output.matchAll(/name: (\w+)[\s\S]*?value: (-?\d+)/g)].map(([, name, n]) => [name, n]);
  expect(Object.fromEntries(counts)).toMatchObject({ acme: "0", burst: "0" });
}, 90_000);
