/** What two parties do within a call that they should not, or rarely do, and what each of them then learns. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import type { UdpPeer } from "../lab/sockets.ts";
import { back, type Half, half, type Invited, invite, same, within } from "../targets/kamailio/calls.ts";
import { agentsSide, draft, edgeAt, number, openWorld, sleep, toAgent, type World } from "./call-world.ts";
import { bodyOf, methodOf, request, response, sdp, statusOf, unique } from "./kit/message.ts";
import { audioOf, flows } from "./kit/rtp.ts";

const callerAt = "203.0.113.200";
const agentAt = "10.0.4.200";

let world: World;
let caller: Half;
let agent: Half;
let callerMedia: UdpPeer;
let agentMedia: UdpPeer;
beforeAll(async () => {
  world = await openWorld(draft({ hand: { uri: `sip:${agentAt}:5080` } }, [toAgent(0, "hand")]));
  await world.lab.addAddress(callerAt);
  await world.lab.addAddress(agentAt);
  caller = await half(world.lab, callerAt, 5060, edgeAt);
  agent = await half(world.lab, agentAt, 5080, agentsSide);
  callerMedia = await world.lab.udp(callerAt, 17_000);
  agentMedia = await world.lab.udp(agentAt, 18_000);
});
afterAll(() => world.close());

const ring = (o: Parameters<typeof invite>[2] = {}): Promise<Invited> =>
  invite(caller, agent, { uri: `sip:${number(0)}@${edgeAt.address}`, ...o });

interface Said {
  readonly body?: string;
  readonly headers?: readonly string[];
  readonly tag?: string;
  readonly user?: string;
}
const say = (to: string, status: string, o: Said = {}): Promise<void> => {
  const { body = "", headers = [], tag = "agent", user = "agent" } = o;
  return agent.send(
    response(to, status, { toTag: tag, contact: `sip:${user}@${agentAt}:5080`, body, headers }),
  );
};
const answers = { body: sdp(agentAt, 18_000) };
const callerSays = (to: string, status: string, body = ""): Promise<void> =>
  caller.send(response(to, status, { contact: `sip:+14155550100@${callerAt}:5060`, body }));

const forgotten = ({ callId }: Invited): Promise<void> =>
  expect.poll(() => world.sessions(), { timeout: 2000, interval: 50 }).not.toContain(callId) as Promise<void>;

async function up(): Promise<{ readonly call: Invited; readonly ok: string }> {
  const call = await ring();
  await say(call.got, "200 OK", answers);
  const ok = await caller.next(call.callId, 200);
  await caller.send(within(caller, call, ok, "ACK", 1));
  await agent.next(call.callId, "ACK");
  return { call, ok };
}

async function ends(call: Invited, ok: string, cseq = 9): Promise<void> {
  await caller.send(within(caller, call, ok, "BYE", cseq));
  await say(await agent.next(call.callId, "BYE"), "200 OK");
  await caller.next(call.callId, 200);
  await forgotten(call);
}

const audioBothWays = async (toCaller: string, toAgent: string): Promise<void> =>
  expect([
    await flows(callerMedia, toCaller, agentMedia),
    await flows(agentMedia, toAgent, callerMedia),
  ]).toEqual([true, true]);

test("both sides hang up at once: each gets the other's BYE and an answer to its own", async () => {
  shows("behaviour/04-bye-glare");
  for (let round = 0; round < 5; round++) {
    const { call, ok } = await up();
    await Promise.all([
      caller.send(within(caller, call, ok, "BYE", 2)),
      agent.send(back(agent, call, "BYE", 1)),
    ]);
    const [atAgent, atCaller] = await Promise.all([
      agent.next(call.callId, "BYE"),
      caller.next(call.callId, "BYE"),
    ]);
    await Promise.all([say(atAgent, "200 OK"), callerSays(atCaller, "200 OK")]);
    await Promise.all([caller.next(call.callId, 200), agent.next(call.callId, 200)]);
    await forgotten(call);
    expect(world.edge.records("ended").filter((r) => r.call === call.callId)).toHaveLength(1);
  }
});

test("the ACK of a refusal ends at the edge, which sends its own; an ACK of nothing goes nowhere", async () => {
  shows("behaviour/06-ack");
  const call = await ring();
  await say(call.got, "486 Busy Here");
  const refusal = await caller.next(call.callId, 486);
  const tag = /;tag=([^;\s]+)/.exec(headerValues(refusal, "To")[0] ?? "")?.[1];
  expect(await agent.next(call.callId, "ACK")).toContain(`branch=${/branch=([^;\s]+)/.exec(call.got)?.[1]}`);
  await caller.send(same(call, "ACK", tag));
  await caller.send(same(call, "ACK", tag));
  await caller.send(within(caller, call, refusal, "ACK", 1));
  expect(await agent.quiet(call.callId, "ACK", 300)).toBe(true);
  expect(await caller.quiet(call.callId, 486, 600)).toBe(true);
  await forgotten(call);
});

test.each(["tel:+19005550123", "sip:+19005550123@198.18.0.9", "sip:hand@10.0.4.1:5080", ""])(
  "an agent that redirects to %j: nobody is called, and the caller does not learn where to",
  async (uri) => {
    shows("behaviour/09-redirect");
    const call = await ring();
    await say(call.got, "302 Moved Temporarily", { headers: uri === "" ? [] : [`Contact: <${uri}>`] });
    const refusal = await caller.next(call.callId, 480);
    expect(refusal).not.toMatch(/19005550123|198\.18\.0\.9/);
    await caller.send(same(call, "ACK", /To:[^\r]*;tag=([^;\s]+)/.exec(refusal)?.[1]));
    expect(await agent.quiet(call.callId, "INVITE", 200)).toBe(true);
    await forgotten(call);
  },
);

describe("a redirection or challenge within the call ends the request, not the call (RFC 5057 section 5.1)", () => {
  const elsewhere = "Contact: <sip:+19005550123@198.18.0.9>";
  const challenge = (name: string) => `${name}: Digest realm="secret.example", nonce="1"`;
  const refusals = [
    ["302 Moved Temporarily", elsewhere],
    ["305 Use Proxy", elsewhere],
    ["401 Unauthorized", challenge("WWW-Authenticate")],
    ["407 Proxy Authentication Required", challenge("Proxy-Authenticate")],
  ] as const;
  const secrets = /19005550123|198\.18\.0\.9|secret\.example/;

  test.each(["INVITE", "UPDATE", "INFO"])("%s, of the caller and of the agent", async (method) => {
    const { call, ok } = await up();
    const body = (at: string, port: number): string => (method === "INFO" ? "" : sdp(at, port));
    for (const [i, [status, header]] of refusals.entries()) {
      const theirs = within(caller, call, ok, method, 2 + i, { body: body(callerAt, 17_000) });
      await caller.send(theirs);
      await say(await agent.next(call.callId, method), status, { headers: [header] });
      expect(await caller.next(call.callId, 500)).not.toMatch(secrets);

      const ours = back(agent, call, method, 1 + i, body(agentAt, 18_000));
      await agent.send(ours);
      const got = await caller.next(call.callId, method);
      await caller.send(response(got, status, { headers: [header] }));
      expect(await agent.next(call.callId, 500)).not.toMatch(secrets);
    }
    await audioBothWays(ok, call.got);
    await ends(call, ok);
  });
});

test("hold by c=0.0.0.0 (RFC 2543) silences the agent, and the audio is back after it", async () => {
  shows("behaviour/12-hold");
  const { call, ok } = await up();
  await audioBothWays(ok, call.got);
  const hold = sdp("0.0.0.0", 17_000).replace("o=- 1 1 IN IP4 0.0.0.0", `o=- 1 2 IN IP4 ${callerAt}`);
  await caller.send(within(caller, call, ok, "INVITE", 2, { body: hold }));
  const held = await agent.next(call.callId, "INVITE");
  // RFC 3264 section 8.4 knows both ways to say it.
  expect(bodyOf(held)).toMatch(/^c=IN IP4 0\.0\.0\.0|^a=(?:sendonly|inactive)/m);
  await say(held, "200 OK", { body: sdp(agentAt, 18_000).replace("a=sendrecv", "a=recvonly") });
  const heldOk = await caller.next(call.callId, 200);
  await caller.send(within(caller, call, ok, "ACK", 2));
  await agent.next(call.callId, "ACK");
  expect(await flows(agentMedia, call.got, callerMedia)).toBe(false);
  await caller.send(within(caller, call, ok, "INVITE", 3, { body: sdp(callerAt, 17_000) }));
  const resumed = await agent.next(call.callId, "INVITE");
  await say(resumed, "200 OK", answers);
  const resumedOk = await caller.next(call.callId, 200);
  await caller.send(within(caller, call, ok, "ACK", 3));
  await agent.next(call.callId, "ACK");
  expect(statusOf(heldOk)).toBe(200);
  await audioBothWays(resumedOk, resumed);
  await ends(call, ok);
});

test("a re-INVITE that is answered late, and an ACK that is wrong: one re-INVITE arrives, and the call goes on", async () => {
  shows("behaviour/13-re-invite");
  const { call, ok } = await up();
  const again = within(caller, call, ok, "INVITE", 2, { body: sdp(callerAt, 17_000) });
  await caller.send(again);
  const got = await agent.next(call.callId, "INVITE");
  await say(got, "100 Trying");
  for (const ms of [500, 1000]) {
    await sleep(ms);
    await caller.send(again);
  }
  expect(await agent.quiet(call.callId, "INVITE", 100)).toBe(true);
  await say(got, "200 OK", answers);
  const done = await caller.next(call.callId, 200);
  const ack = within(caller, call, ok, "ACK", 2);
  await caller.send(ack.replace("CSeq: 2 ACK", "CSeq: 7 ACK"));
  await caller.send(ack.replace(/To: [^\r]*/, "To: <sip:x@y>;tag=nobody"));
  await caller.send(ack.replace(/CSeq: [^\r]*/, "CSeq: two ACK"));
  await caller.send(ack.replace(/Route: [^\r]*\r\n/, ""));
  await caller.send(ack);
  await expect
    .poll(() => agent.peer.received.filter((d) => d.text.includes("CSeq: 2 ACK")).length)
    .toBeGreaterThan(0);
  await audioBothWays(done, got);
  await ends(call, ok);
});

test("a re-INVITE that comes after the BYE: what the other side says of it, and no media stays", async () => {
  shows("behaviour/14-glare");
  const { call, ok } = await up();
  await ends(call, ok, 2);
  await caller.send(within(caller, call, ok, "INVITE", 3, { body: sdp(callerAt, 17_000) }));
  const late = await agent.next(call.callId, "INVITE");
  await say(late, "481 Call/Transaction Does Not Exist");
  expect(statusOf(await caller.next(call.callId, 481))).toBe(481);
  await forgotten(call);
});

test("a caller that insists on 100rel, and an agent that rings under two tags: each PRACK finds its place", async () => {
  shows("behaviour/15-prack-update");
  const call = await ring({ headers: ["Require: 100rel", "Supported: 100rel"] });
  expect(headerValues(call.got, "Require")).toEqual(["100rel"]);
  const early: Record<string, string> = {};
  for (const [i, tag] of ["one", "two"].entries()) {
    const headers = ["Require: 100rel", `RSeq: ${i + 1}`];
    await say(call.got, "183 Session Progress", { ...answers, headers, tag, user: tag });
    const progress = await caller.next(call.callId, 183);
    expect(headerValues(progress, "To")[0]).toContain(`tag=${tag}`);
    early[tag] = progress;
    const prack = within(caller, call, progress, "PRACK", 2 + i, { headers: [`RAck: ${i + 1} 1 INVITE`] });
    await caller.send(prack);
    const got = await agent.next(call.callId, "PRACK");
    expect([got.split(" ")[1], headerValues(got, "RAck")[0]]).toEqual([
      `sip:${tag}@${agentAt}:5080`,
      `${i + 1} 1 INVITE`,
    ]);
    await say(got, "200 OK", { tag });
    await caller.next(call.callId, 200);
  }
  await say(call.got, "200 OK", { tag: "two", user: "two" });
  const ok = await caller.next(call.callId, 200);
  await caller.send(within(caller, call, ok, "ACK", 1));
  expect((await agent.next(call.callId, "ACK")).split(" ")[1]).toBe(`sip:two@${agentAt}:5080`);
  await audioBothWays(early.two ?? "", call.got);
  await ends(call, ok);
});

test("two telephones ring behind one agent, and the second is lifted: the call is with that one", async () => {
  shows("behaviour/16-forking");
  const call = await ring();
  for (const tag of ["left", "right"]) {
    await say(call.got, "180 Ringing", { tag, user: tag });
    expect(headerValues(await caller.next(call.callId, 180), "To")[0]).toContain(`tag=${tag}`);
  }
  await say(call.got, "200 OK", { ...answers, tag: "right", user: "right" });
  const ok = await caller.next(call.callId, 200);
  await caller.send(within(caller, call, ok, "ACK", 1));
  const ack = await agent.next(call.callId, "ACK");
  expect([ack.split(" ")[1], /;tag=(\w+)/.exec(headerValues(ack, "To")[0] ?? "")?.[1]]).toEqual([
    `sip:right@${agentAt}:5080`,
    "right",
  ]);
  await audioBothWays(ok, call.got);
  // The one that still rings is its own proxy's to stop: no CANCEL and no BYE of the edge.
  expect(
    agent.peer.received.filter((d) => d.text.includes(call.callId)).map((d) => methodOf(d.text)),
  ).toEqual(["INVITE", "ACK"]);
  await ends(call, ok);
});

const offer = (lines: readonly string[]): string =>
  ["v=0", `o=- 1 1 IN IP4 ${callerAt}`, "s=-", "t=0 0", ...lines, ""].join("\r\n");
const connection = `c=IN IP4 ${callerAt}`;

test.each([
  ["no c= at all", offer(["m=audio 17000 RTP/AVP 0"])],
  ["no m= at all", offer([connection])],
  ["a c= without an address", offer(["c=IN IP4", "m=audio 17000 RTP/AVP 0"])],
  ["nothing but a line of garbage", "%s%n\r\n"],
  ["a payload type that nobody knows, without rtpmap", offer([connection, "m=audio 17000 RTP/AVP 77"])],
])("an SDP with %s is refused with 4xx or 503, and no agent rings", async (_, body) => {
  shows("behaviour/23-broken-sdp");
  const callId = unique("sdp");
  await caller.send(request({ at: caller.at, uri: `sip:${number(0)}@${edgeAt.address}`, callId, body }));
  const final = await caller.peer.receive(4000, (d) => d.text.includes(callId) && statusOf(d.text) >= 300);
  expect(statusOf(final.text)).toBeOneOf([400, 415, 488, 503]);
  expect(await agent.quiet(callId, "INVITE", 200)).toBe(true);
});

test.each([
  ["c= in the stream alone", offer(["m=audio 17000 RTP/AVP 0 8", connection])],
  ["static types without rtpmap", offer([connection, "m=audio 17000 RTP/AVP 0 8"])],
  ["an empty attribute and unknown ones", offer([connection, "m=audio 17000 RTP/AVP 0", "a=", "a=zap:1 2"])],
  [
    "a second stream of an unknown type",
    offer([connection, "m=audio 17000 RTP/AVP 0", "m=smell 17002 RTP/AVP 99"]),
  ],
])("an SDP with %s is odd, but good: the agent gets it with the edge's address", async (_, body) => {
  shows("behaviour/23-broken-sdp");
  const call = await ring({ body });
  expect(audioOf(call.got).address).toBe(agentsSide.address);
  expect(bodyOf(call.got)).not.toContain(callerAt);
  await say(call.got, "486 Busy Here");
  await caller.next(call.callId, 486);
});
