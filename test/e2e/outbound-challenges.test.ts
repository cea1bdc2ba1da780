/** A carrier that challenges every request of a call: what the agent and the carrier see, also across a swap and a kill -9. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { type Edge, type EdgeOptions, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts, forMethods, ringsReliably, strictOrder } from "./kit/behaviours.ts";
import { type Change, type Dialog, dialogOf, within } from "./kit/call.ts";
import { type ChallengeOptions, challenges } from "./kit/challenges.ts";
import { bodyOf, headerLines, methodOf, response, sdp, statusOf, unique } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { type Behaviour, type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const agentAt = "10.0.4.10";
const pbxAt = "203.0.113.10";
const providerAt = "203.0.113.50";
const keys = { topology: "1".repeat(32), route: "2".repeat(32), nonce: "3".repeat(32) };
const everything = ["INVITE", "UPDATE", "INFO", "PRACK", "BYE"];
const users = { acme: "s3;cret" };

const config = {
  network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
  trunks: [
    {
      crew_id: "acme",
      country: "US",
      agents: { agent_sarah: { uri: `sip:${agentAt}:5080` } },
      sip: {
        outbound: {
          uri: `sip:${providerAt}:5060`,
          auth: { username: "acme", password: { secret: "TRUNK_PASSWORD" }, realm: "provider.example" },
          allowed_destinations: ["+1"],
        },
      },
    },
    {
      crew_id: "office",
      agents: { away: { uri: "sip:10.0.4.77:5080" } },
      sip: {
        auth: { type: "ip_allowlist", allowed_ips: [pbxAt] },
        inbound_routes: [
          { match: { to_uri: "+14155550001" }, forward: { number: "+14155550177", via: "acme" } },
        ],
      },
    },
  ],
};

let lab: Lab;
let edge: Edge;
let generation = 1;
let agent: Party;
let pbx: Party;
let provider: Server;

const start = (more: EdgeOptions = {}): Promise<Edge> =>
  startEdge(lab, config, {
    keys,
    passwords: [{ trunk: "acme", password: users.acme }],
    name: `generation-${generation}`,
    generation,
    ...more,
  });

/** The next generation beside this one; the old process goes when it has nothing left to do. */
async function swap(): Promise<void> {
  generation += 1;
  const before = edge;
  edge = await start({ relay: false, predecessorPort: 7000 + generation });
  await before.kamailio.stop();
}

async function crash(): Promise<void> {
  const { code, output } = await lab.exec(["sh", "-c", `kill -9 -${edge.kamailio.pid}`]);
  if (code !== 0) throw new Error(output);
  await edge.kamailio.exited;
  edge = await start({ relay: false });
}

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, agentAt, pbxAt, providerAt] });
  edge = await start();
  agent = await party(lab, agentAt, 5080, agentsSide);
  pbx = await party(lab, pbxAt, 5060, edgeAt);
  provider = await sipServer(lab, providerAt, 5060);
});
afterAll(async () => {
  await provider?.close();
  await lab?.close();
});

/** Challenges all that `o` says, refuses a CSeq that is too low, and accepts the rest. */
function carrier(o: Partial<ChallengeOptions> = {}, ...then: readonly Behaviour[]): void {
  const realm = "provider.example";
  provider.answerWith(
    strictOrder(),
    challenges({ realm, users, methods: everything, ...o }),
    ...then,
    accepts(),
  );
}

/** 180 to a re-INVITE, and nothing more until it is cancelled. */
const ringsAgain = (): Behaviour =>
  async function* (turn, next) {
    if (turn.method !== "INVITE") return yield* next();
    yield turn.reply("180 Ringing");
    await turn.wait(5000);
  };

const of = (callId: string, method: string): readonly string[] =>
  provider.requests(method).filter((t) => headerValues(t, "Call-ID")[0] === callId);
const cseqs = (callId: string, method: string): readonly number[] =>
  of(callId, method).map((t) => Number.parseInt(headerValues(t, "CSeq")[0] ?? "", 10));
const numberOf = (text: string): string => headerValues(text, "CSeq")[0] ?? "";

/** A call to the carrier that is answered and acknowledged; the caller counts from 20 on. */
async function callOut(caller = agent): Promise<Dialog> {
  const uri =
    caller === agent ? `sip:+14155550123@${agentsSide.address}:5080` : `sip:+14155550001@${edgeAt.address}`;
  const invite = caller.make({ uri, callId: unique("out"), from: "+14155550100", cseq: 20 });
  const answer = await caller.ask(invite, 5000);
  expect(answer).toMatch(/^SIP\/2.0 200 /);
  const dialog = dialogOf(invite, answer);
  await caller.send(within(caller, dialog, "ACK"));
  await expect.poll(() => of(dialog.callId, "ACK").length, soon).toBeGreaterThan(0);
  return dialog;
}

/** A request within the call, which must be answered with `status` and its own CSeq. */
async function asks(
  caller: Party,
  d: Dialog,
  method: string,
  cseq: number,
  change: Change = {},
): Promise<string> {
  const answer = await caller.ask(within(caller, d, method, { cseq, ...change }), 5000);
  expect([method, statusOf(answer), numberOf(answer)]).toEqual([method, 200, `${cseq} ${method}`]);
  expect(headerLines(answer).filter((l) => /authenticate|authorization/i.test(l))).toEqual([]);
  return answer;
}

/** A re-INVITE; the dialog after it, whose target is that of the answer. */
async function reinvites(caller: Party, d: Dialog, cseq: number): Promise<Dialog> {
  const answer = await asks(caller, d, "INVITE", cseq, { body: sdp(caller.at.address) });
  expect(bodyOf(answer)).toContain("m=audio");
  return { ...dialogOf(answer, answer), routes: d.routes, cseq };
}

const acks = (caller: Party, d: Dialog): Promise<void> =>
  caller.send(within(caller, d, "ACK", { cseq: d.cseq }));

/** The number of the last INVITE, which its ACK must have, and all numbers ever higher. */
async function consistent(callId: string): Promise<void> {
  const last = cseqs(callId, "INVITE").at(-1);
  await expect.poll(() => cseqs(callId, "ACK").at(-1), soon).toBe(last);
  const all = provider
    .requests()
    .filter((t) => headerValues(t, "Call-ID")[0] === callId && methodOf(t) !== "ACK")
    .map((t) => Number.parseInt(numberOf(t), 10));
  expect(all).toEqual([...new Set(all)].sort((a, b) => a - b));
  expect(provider.problems()).toEqual([]);
}

describe.each([
  ["401 and MD5", { status: 401, algorithms: ["MD5"] }],
  ["407 and SHA-256", { status: 407, algorithms: ["SHA-256", "MD5"] }],
] as const)("a carrier that challenges every request with %s", (_, how) => {
  test.each(["an agent", "the caller of a forwarded call"])(
    "is answered, as if %s knew nothing of it",
    async (who) => {
      shows("behaviour/25-digest");
      const caller = who === "an agent" ? agent : pbx;
      carrier(how);
      let dialog = await callOut(caller);
      await asks(caller, dialog, "UPDATE", 21);
      dialog = await reinvites(caller, dialog, 22);
      await acks(caller, dialog);
      await consistent(dialog.callId);
      await asks(caller, dialog, "INFO", 23);
      dialog = await reinvites(caller, dialog, 24);
      await acks(caller, dialog);
      await consistent(dialog.callId);
      await asks(caller, dialog, "BYE", 25);
      expect(cseqs(dialog.callId, "BYE")).toHaveLength(2);
      await consistent(dialog.callId);
    },
  );
});

describe.each(["swap", "kill -9"] as const)("%s", (what) => {
  const changes = what === "swap" ? swap : crash;
  test("between any two messages of the call: numbers go on rising", async () => {
    shows("behaviour/25-digest");
    carrier();
    let dialog = await callOut();
    await changes();
    dialog = await reinvites(agent, dialog, 21);
    await changes();
    await acks(agent, dialog);
    await consistent(dialog.callId);
    await asks(agent, dialog, "UPDATE", 22);
    await changes();
    await asks(agent, dialog, "BYE", 23);
    await consistent(dialog.callId);
  }, 120_000);

  test.each([
    ["an agent", "the carrier"],
    ["an agent", "the agent"],
    ["a forwarded call", "the carrier"],
    ["a forwarded call", "the PBX"],
  ])(
    "re-INVITEs from both sides of %s, and a BYE from %s",
    async (whose, who) => {
      shows("behaviour/25-digest");
      const caller = whose === "an agent" ? agent : pbx;
      carrier();
      let dialog = await callOut(caller);
      const invite = of(dialog.callId, "INVITE").at(-1) ?? "";
      /** A request of the carrier, answered by the caller, which must see the carrier's own number. */
      const carrierAsks = async (method: string, cseq: number, body = ""): Promise<void> => {
        const asked = provider.ask(provider.within(invite, method, { cseq, body }), 4000, edgeAt);
        const got = await caller.peer.receive(3000, (d) => methodOf(d.text) === method);
        const more = body === "" ? {} : { body: sdp(caller.at.address) };
        const contact = `sip:caller@${caller.at.address}:${caller.at.port}`;
        await caller.send(response(got.text, "200 OK", { contact, ...more }), got);
        const answer = await asked;
        expect([statusOf(answer), numberOf(answer), numberOf(got.text)]).toEqual([
          200,
          `${cseq} ${method}`,
          `${cseq} ${method}`,
        ]);
      };
      await changes();
      await carrierAsks("INVITE", 5, sdp(providerAt, 18000));
      await provider.send(provider.within(invite, "ACK", { cseq: 5 }), edgeAt);
      await caller.peer.receive(3000, (d) => methodOf(d.text) === "ACK");
      await changes();
      dialog = await reinvites(caller, dialog, 21);
      await acks(caller, dialog);
      await consistent(dialog.callId);
      await changes();
      if (who === "the carrier") await carrierAsks("BYE", 6);
      else await asks(caller, dialog, "BYE", 22);
      await consistent(dialog.callId);
    },
    120_000,
  );
});

test("a reliable 183 to a challenged INVITE, and a challenged PRACK", async () => {
  carrier({}, ringsReliably());
  const callId = unique("prack");
  const invite = agent.make({
    uri: `sip:+14155550123@${agentsSide.address}:5080`,
    callId,
    cseq: 20,
    headers: ["Supported: 100rel"],
  });
  const answered = agent.ask(invite, 6000);
  const progress = (
    await agent.peer.receive(3000, (d) => statusOf(d.text) === 183 && d.text.includes(callId))
  ).text;
  const early = dialogOf(invite, progress);
  await asks(agent, early, "PRACK", 21, { headers: ["RAck: 1 20 INVITE"] });
  const dialog = dialogOf(invite, await answered);
  await acks(agent, { ...dialog, cseq: 20 });
  await consistent(callId);
  expect(of(callId, "PRACK").map((t) => headerValues(t, "RAck")[0])).toEqual(["1 21 INVITE", "1 21 INVITE"]);
  await asks(agent, dialog, "BYE", 22);
});

test("CANCEL of a challenged re-INVITE names the one that rings", async () => {
  carrier();
  const dialog = await callOut();
  carrier({}, ringsAgain());
  const again = within(agent, dialog, "INVITE", { cseq: 21, body: sdp(agentAt) });
  const answered = agent.ask(again, 5000);
  await agent.peer.receive(3000, (d) => statusOf(d.text) === 180 && numberOf(d.text) === "21 INVITE");
  const line = (name: string): readonly string[] =>
    headerLines(again).filter((l) => l.startsWith(`${name}:`));
  const cancel = agent.make({
    method: "CANCEL",
    uri: dialog.target,
    callId: dialog.callId,
    cseq: 21,
    instead: { Via: line("Via"), From: line("From"), To: line("To") },
    headers: dialog.routes,
  });
  expect(statusOf(await agent.ask(cancel))).toBe(200);
  expect(statusOf(await answered)).toBe(487);
  expect(cseqs(dialog.callId, "CANCEL")).toEqual(cseqs(dialog.callId, "INVITE").slice(-1));
  await asks(agent, dialog, "BYE", 22);
});

describe("the carrier's own requests", () => {
  test("keep their numbers, and a challenge of the agent's goes to nobody", async () => {
    carrier();
    const dialog = await callOut();
    const invite = of(dialog.callId, "INVITE").at(-1) ?? "";
    const answered = provider.ask(provider.within(invite, "INFO"), 3000, edgeAt);
    const info = await agent.peer.receive(2000, (d) => methodOf(d.text) === "INFO");
    expect(numberOf(info.text)).toBe("1 INFO");
    const challenge = ['WWW-Authenticate: Digest realm="provider.example", nonce="1", algorithm=MD5'];
    await agent.send(response(info.text, "401 Unauthorized", { headers: challenge }), info);
    const answer = await answered;
    expect(statusOf(answer)).toBe(500);
    expect(headerLines(answer).filter((l) => /authenticate/i.test(l))).toEqual([]);
    await asks(agent, dialog, "BYE", 21);
  });
});

describe("a carrier that is never content", () => {
  test.each(["INVITE", "UPDATE", "INFO", "BYE"])("%s is tried twice, then 503", async (method) => {
    shows("behaviour/25-digest");
    provider.answerWith(accepts());
    const dialog = await callOut();
    carrier({ users: {} });
    const before = provider.problems().length;
    const body = method === "INVITE" ? sdp(agentAt) : "";
    const answer = await agent.ask(within(agent, dialog, method, { cseq: 21, body }), 5000);
    expect(answer).toMatch(/^SIP\/2.0 503 Carrier Refuses Our Credentials\r\n/);
    expect(headerLines(answer).filter((l) => /authenticate/i.test(l))).toEqual([]);
    const tries = of(dialog.callId, method).length - (method === "INVITE" ? 1 : 0);
    expect(tries).toBe(2);
    await expect
      .poll(() => edge.records("refused").at(-1), soon)
      .toMatchObject({ trunk: "acme", code: 503, reason: "credentials", method });
    expect(provider.problems().slice(before)).toEqual([]);
  });

  test("a nonce that is stale again and again is answered twice", async () => {
    provider.answerWith(accepts());
    const dialog = await callOut();
    carrier({ nonceUses: 0 });
    const answer = await agent.ask(within(agent, dialog, "BYE", { cseq: 21 }), 5000);
    expect(statusOf(answer)).toBe(503);
    expect(of(dialog.callId, "BYE")).toHaveLength(3);
  });

  test("another realm gets no credentials", async () => {
    shows("behaviour/25-digest");
    provider.answerWith(accepts());
    const dialog = await callOut();
    provider.answerWith(
      forMethods(["BYE"], challenges({ realm: "elsewhere.example", users, methods: ["BYE"] })),
    );
    const answer = await agent.ask(within(agent, dialog, "BYE", { cseq: 21 }), 5000);
    expect(statusOf(answer)).toBe(503);
    expect(of(dialog.callId, "BYE")).toHaveLength(1);
  });
});
