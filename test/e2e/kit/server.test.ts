/** The server by hand against programs that know nothing of it, and against clients that do it wrong. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { headerValues, messagesOf } from "../../../src/phone/message.ts";
import { sippCall } from "../../../src/phone/sipp.ts";
import { type Caller, caller } from "../../../src/phone/sipp-caller.ts";
import { type Asterisk, type AsteriskTrunk, startAsterisk } from "../../lab/asterisk.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import { startCaller } from "../../lab/peers.ts";
import {
  accepts,
  forMethods,
  inTurn,
  onlyTries,
  redirects,
  refuses,
  registrar,
  ringsFor,
  ringsReliably,
  sessionTimer,
  silent,
} from "./behaviours.ts";
import { challenges } from "./challenges.ts";
import { authorization, challengeOf } from "./digest.ts";
import { echo } from "./media.ts";
import { bodyOf, sdp, statusOf, unique } from "./message.ts";
import { type Party, party } from "./party.ts";
import { type Behaviour, type Server, sipServer } from "./server.ts";

const at = { address: "203.0.113.60", port: 5060 };
const pbxAt = "198.51.100.20";
const auth = { username: "acme", password: "s3;cret" };
const users = { acme: auth.password };
const realm = "provider.example.com";

let lab: Lab;
let pbx: Asterisk;
let client: Party;
beforeAll(async () => {
  lab = await openLab({ addresses: [at.address, "198.51.100.21"] });
  const trunk: AsteriskTrunk = { ...at, auth };
  const timers = ["timers=always", "timers_min_se=90", "timers_sess_expires=120"];
  pbx = await startAsterisk(
    lab,
    "pbx",
    {
      address: pbxAt,
      trunks: {
        provider: trunk,
        timed: { ...trunk, endpoint: timers },
        reliable: { ...trunk, endpoint: ["100rel=yes"] },
      },
    },
    await lab.host(pbxAt),
  );
  client = await party(lab, "198.51.100.21", 5060, at);
}, 300_000);
afterAll(() => lab.close());

/** A server with these behaviours until the test ends. */
async function server(...behaviours: readonly Behaviour[]): Promise<Server> {
  const made = await sipServer(lab, at.address, at.port, ...behaviours);
  onTestFinished(() => made.close());
  return made;
}

let runs = 0;
const sipp = (o: Partial<Caller>): ReturnType<typeof sippCall> => {
  const run = { launcher: lab, tools: lab.tools, dir: join(lab.dir, "sipp"), name: `sipp-${++runs}` };
  const to = { address: "198.51.100.21", port: 5070, remote: `${at.address}:${at.port}`, receiveMs: 5000 };
  return sippCall({ ...run, ...to }, caller({ to: "+14155550001", talkMs: 50, ...o }));
};

describe("digest", () => {
  test.each([
    [401, "MD5"],
    [407, "MD5"],
    [401, "SHA-256"],
    [407, "SHA-256"],
  ] as const)("%i with %s is answered by an Asterisk without a flaw", async (status, algorithm) => {
    const s = await server(challenges({ realm, users, status, algorithms: [algorithm] }), accepts());
    expect(await pbx.call({ to: "+1", trunk: "provider", talkMs: 50 })).toMatchObject({ answered: true });
    const invites = s.requests("INVITE");
    const header = status === 401 ? "Authorization" : "Proxy-Authorization";
    expect(invites.map((i) => headerValues(i, header).length)).toEqual([0, 1]);
    expect(headerValues(invites[1] ?? "", header)[0]).toMatch(new RegExp(`algorithm=${algorithm}`));
    expect(s.problems()).toEqual([]);
  });

  test("without qop is answered as of old by an Asterisk, and with it by a SIPp", async () => {
    const s = await server(challenges({ realm, users, qop: "none" }), accepts());
    expect(await pbx.call({ to: "+1", trunk: "provider", talkMs: 50 })).toMatchObject({ answered: true });
    s.answerWith(challenges({ realm, users, status: 407 }), accepts());
    expect((await sipp({ auth })).codes).toEqual({ 200: 1 });
    // SIPp's credentials name the server and not what it asks for.
    expect(s.problems()).toEqual([expect.stringContaining("uri is sip:203.0.113.60:5060, not sip:+1")]);
  });

  test("lets nobody in where there are no users, whoever asks", async () => {
    const s = await server(challenges({ realm, users: {} }), accepts());
    expect(await pbx.call({ to: "+1", trunk: "provider" })).toMatchObject({ answered: false });
    expect((await sipp({ auth })).codes).toEqual({ 401: 1 });
    s.answerWith(challenges({ realm, users: {}, wrong: "403 Forbidden" }), accepts());
    expect((await sipp({ auth })).codes).toEqual({ 403: 1 });
  });

  test("is answered again with the same nonce or a stale one's successor, counted right", async () => {
    const s = await server(challenges({ realm, users, nonceUses: 1, methods: ["INVITE", "BYE"] }), accepts());
    expect(await pbx.call({ to: "+1", trunk: "provider", talkMs: 50 })).toMatchObject({ answered: true });
    await s.request("BYE", 1);
    await expect.poll(() => messagesOf(pbx.messages(), "BYE").length).toBeGreaterThanOrEqual(2);
    expect(s.problems()).toEqual([]);
  });

  /** An INVITE that answers a challenge of the server, with these parts of the credentials changed. */
  async function answered(
    change: Partial<Parameters<typeof authorization>[1]>,
    cseq = 2,
    edit: (line: string) => string = (line) => line,
  ): Promise<number> {
    const [uri, callId, fromTag] = ["sip:+1@203.0.113.60", unique("call"), unique("f")];
    const challenge = challengeOf(await client.ask(client.make({ uri, callId, fromTag })));
    const opaque = /opaque="([^"]*)"/.exec(client.since(0).at(-1) ?? "")?.[1];
    const line = authorization(challenge, { ...auth, method: "INVITE", uri, ...change });
    const headers = [edit(`${line}, opaque="${opaque}"`)];
    return statusOf(await client.ask(client.make({ uri, callId, fromTag, cseq, headers })));
  }

  test.each([
    ["nothing", {}, 2, undefined, []],
    [
      "a nonce count that does not start at one",
      { nc: "00000002" },
      2,
      undefined,
      ["nc is 00000002, not 00000001"],
    ],
    ["a nonce count in capitals", { nc: "0000000A" }, 2, undefined, ["nc is 0000000A, not eight digits"]],
    [
      "another URI",
      { uri: "sip:+2@203.0.113.60" },
      2,
      undefined,
      ["uri is sip:+2@203.0.113.60, not sip:+1@203.0.113.60"],
    ],
    ["no cnonce", { cnonce: "" }, 2, undefined, ["cnonce is missing"]],
    ["the old CSeq", {}, 1, undefined, ["CSeq was not raised"]],
    [
      "another opaque",
      {},
      2,
      (l: string) => l.replace(/opaque=".*"/, 'opaque="x"'),
      [expect.stringMatching(/^opaque is x, not /)],
    ],
    [
      "a quoted nonce count",
      {},
      2,
      (l: string) => l.replace(/nc=(\d+)/, 'nc="$1"'),
      ["qop, nc or algorithm is quoted"],
    ],
    ["a parameter twice", {}, 2, (l: string) => `${l}, qop=auth`, ["a parameter comes twice"]],
  ] as const)("of a client that gets %s wrong is told", async (_, change, cseq, edit, flaws) => {
    const s = await server(challenges({ realm, users }), accepts());
    expect(await answered(change, cseq, edit)).toBe(200);
    expect(s.problems().map((p) => p.replace(/^.*?: /, ""))).toEqual(flaws);
  });

  test.each([
    ["password", { password: "other" }],
    ["user", { username: "other" }],
    ["response", { response: "0".repeat(32) }],
    ["nonce", { nonce: "made-up" }],
    ["realm", { realm: "elsewhere" }],
  ])("of a client with another %s is refused", async (_, change) => {
    await server(challenges({ realm, users }), accepts());
    expect(await answered(change)).toBe(401);
  });
});

describe("a registrar", () => {
  const register = (contact: string, more: readonly string[] = []): Promise<string> =>
    client.ask(
      client.make({
        method: "REGISTER",
        uri: "sip:203.0.113.60",
        to: "<sip:acme@203.0.113.60>",
        headers: more,
        instead: { Contact: [`Contact: ${contact}`] },
      }),
    );

  test("takes a challenged registration of an Asterisk, and calls its contact", async () => {
    const bindings = registrar({ grants: 60 });
    const s = await server(challenges({ realm, users }), bindings, accepts());
    const name = "registering";
    const address = "198.51.100.25";
    const trunks = { provider: { ...at, auth, register: true } };
    const other = await startAsterisk(lab, name, { address, trunks }, await lab.host(address));
    onTestFinished(() => other.stop());
    await expect.poll(() => other.registered("provider"), { timeout: 5000 }).toBe(true);
    const [contact = "", ...more] = bindings.contacts("acme");
    expect([contact, more]).toEqual([`sip:acme@${address}:5060`, []]);
    const invite = s.make({ uri: contact });
    expect(statusOf(await s.ask(invite, 3000, { address, port: 5060 }))).toBe(200);
    expect(s.problems()).toEqual([]);
  });

  test("adds, replaces, shortens, refuses and removes bindings", async () => {
    const bindings = registrar({ grants: 60, minExpires: 30 });
    const s = await server(bindings);
    const one = await register("<sip:acme@198.51.100.21>", ["Expires: 600"]);
    expect(headerValues(one, "Contact")).toEqual(["<sip:acme@198.51.100.21>;expires=60"]);
    await register("<sip:acme@198.51.100.22>;expires=40");
    expect(bindings.contacts("acme")).toEqual(["sip:acme@198.51.100.21", "sip:acme@198.51.100.22"]);
    const brief = await register("<sip:acme@198.51.100.23>;expires=10");
    expect([statusOf(brief), headerValues(brief, "Min-Expires")]).toEqual([423, ["30"]]);
    await register("<sip:acme@198.51.100.21>;expires=0");
    expect(bindings.contacts("acme")).toEqual(["sip:acme@198.51.100.22"]);
    expect(s.problems()).toEqual([]);
    await register("*", ["Expires: 60"]);
    expect(bindings.contacts("acme")).toEqual([]);
    expect(s.problems()).toHaveLength(1);
  });
});

describe("a server by hand", () => {
  test("rings, is cancelled while it does, and answers no more", async () => {
    const s = await server(ringsFor(60_000), accepts());
    const call = await pbx.call({ to: "+1", trunk: "provider", ringSeconds: 1 });
    expect(call).toMatchObject({ answered: false, status: "NOANSWER" });
    await s.request("CANCEL");
    await s.request("ACK");
    expect(messagesOf(pbx.messages(), 487).length).toBeGreaterThan(0);
  });

  test("answers after it rang, with early media where asked", async () => {
    await server(ringsFor(200, { early: true }), accepts());
    const invite = client.make();
    const final = await client.ask(invite);
    const got = client.since(0).filter((m) => m.includes(headerValues(invite, "Call-ID")[0] ?? ""));
    expect([...new Set(got.map(statusOf))]).toEqual([183, 200]);
    expect(bodyOf(got[0] ?? "")).toMatch(/^m=audio/m);
    expect(statusOf(final)).toBe(200);
  });

  test.each<[string, Behaviour, Record<number, number>]>([
    ["503", refuses("503 Service Unavailable", ["Retry-After: 5"]), { 503: 1 }],
    ["302", redirects(["sip:+1@192.0.2.1"]), { 302: 1 }],
    ["486", refuses("486 Busy Here"), { 486: 1 }],
  ])("is understood by a SIPp where it says %s", async (_, behaviour, codes) => {
    const s = await server(behaviour, accepts());
    expect((await sipp({})).codes).toEqual(codes);
    expect(s.requests().map((r) => r.split(" ")[0])).toEqual(["INVITE", "ACK"]);
  });

  test("orders the targets of a redirection", async () => {
    await server(redirects(["sip:+1@192.0.2.1", "sip:+1@192.0.2.2"]));
    expect(headerValues(await client.ask(client.make()), "Contact")).toEqual([
      "<sip:+1@192.0.2.1>;q=1.0",
      "<sip:+1@192.0.2.2>;q=0.9",
    ]);
  });

  test("goes through its behaviours in turn", async () => {
    await server(inTurn(refuses("503 Service Unavailable"), refuses("486 Busy Here")), accepts());
    const codes = [];
    for (let i = 0; i < 3; i++) codes.push(statusOf(await client.ask(client.make())));
    expect(codes).toEqual([503, 486, 486]);
  });

  test("keeps silent, or says no more than 100, and still hears", async () => {
    const s = await server(forMethods(["INVITE"], silent), accepts());
    const mark = client.mark();
    await expect(client.ask(client.make(), 300)).rejects.toThrow("no datagram");
    expect(client.since(mark)).toEqual([]);
    s.answerWith(onlyTries, accepts());
    await expect(client.ask(client.make(), 300)).rejects.toThrow("no datagram");
    expect(client.since(mark).map(statusOf)).toEqual([100]);
    expect(statusOf(await client.ask(client.make({ method: "OPTIONS" })))).toBe(200);
    expect(s.requests("INVITE")).toHaveLength(2);
  });

  test("answers a request that comes again as before, and counts it once", async () => {
    let times = 0;
    const s = await server((turn) => [turn.reply(`48${times++} Busy`)]);
    const options = client.make({ method: "OPTIONS" });
    expect([await client.ask(options), await client.ask(options)].map(statusOf)).toEqual([480, 480]);
    expect(s.requests()).toHaveLength(1);
  });

  test("repeats its 200 until the ACK", async () => {
    const s = await server(accepts());
    const invite = client.make();
    await client.ask(invite);
    const first = client.mark();
    await expect.poll(() => client.since(first).length, { timeout: 3000 }).toBeGreaterThanOrEqual(1);
    await client.send(client.make({ method: "ACK", callId: headerValues(invite, "Call-ID")[0] ?? "" }));
    await s.request("ACK");
    const last = client.mark();
    await new Promise((resolve) => setTimeout(resolve, 2200));
    expect(client.since(last)).toEqual([]);
  });

  test("rings reliably for a SIPp and an Asterisk, who acknowledge that", async () => {
    const s = await server(ringsReliably({ insists: true, rseq: 1 }), accepts());
    expect((await sipp({ prack: true })).codes).toEqual({ 200: 1 });
    expect((await sipp({})).codes).toEqual({ 421: 1 });
    s.answerWith(ringsReliably({ rseq: 7311 }), accepts());
    expect(await pbx.call({ to: "+1", trunk: "reliable", talkMs: 50 })).toMatchObject({ answered: true });
    expect(s.requests("PRACK").map((p) => headerValues(p, "RAck")[0])).toEqual([
      "1 1 INVITE",
      expect.stringMatching(/^7311 \d+ INVITE$/),
    ]);
    expect(s.problems()).toEqual([]);
  });

  test("tells a PRACK that acknowledges nothing", async () => {
    const s = await server(ringsReliably(), accepts());
    const prack = client.make({ method: "PRACK", headers: ["RAck: 9 1 INVITE"] });
    expect(statusOf(await client.ask(prack))).toBe(481);
    expect(s.problems()).toEqual([expect.stringContaining('RAck is "9 1 INVITE"')]);
  });

  test("offers where the INVITE does not, and wants the answer in the ACK", async () => {
    const s = await server(accepts());
    expect((await sipp({ sdp: "none" })).codes).toEqual({ 200: 1 });
    expect(bodyOf(await s.request("ACK"))).toMatch(/^m=audio/m);
    expect(s.problems()).toEqual([]);
    const invite = client.make({ body: "" });
    await client.ask(invite);
    await client.send(client.make({ method: "ACK", callId: headerValues(invite, "Call-ID")[0] ?? "" }));
    await expect.poll(s.problems).toEqual([expect.stringContaining("no answer to the offer")]);
  });

  test("echoes the tones of callers, also while it rings reliably before", async () => {
    const media = await echo(lab, at.address, 18000);
    onTestFinished(() => media.close());
    const s = await server(ringsReliably(), accepts({ mediaPort: media.port }));
    const call = await pbx.call({ to: "+1", trunk: "reliable", hz: 700, talkMs: 1200 });
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(700).heard).toBe(true);
    expect(call.heard(1100).heard).toBe(false);
    expect(media.sources().filter((from) => from.startsWith(`${pbxAt}:`)).length).toBeGreaterThanOrEqual(1);
    const from = "198.51.100.26:5060";
    const sippCaller = await startCaller(lab, {
      via: "sipp",
      from,
      to: `sip:+1@${at.address}`,
      sipp: { prack: true },
    });
    expect(await sippCaller.call({ talkMs: 900, expectHz: 700 })).toMatchObject({
      answered: true,
      heardTone: true,
    });
    expect(s.problems()).toEqual([]);
  });

  test("wants longer session intervals of an Asterisk, which then gives them", async () => {
    const s = await server(sessionTimer({ minSe: 300 }), accepts());
    expect(await pbx.call({ to: "+1", trunk: "timed", talkMs: 50 })).toMatchObject({ answered: true });
    const asked = s.requests("INVITE").map((i) => headerValues(i, "Session-Expires")[0]);
    expect(asked).toEqual([expect.stringMatching(/^120/), expect.stringMatching(/^300/)]);
    const answers = messagesOf(pbx.messages(), 200).map((m) => headerValues(m.text, "Session-Expires")[0]);
    expect(answers).toContain("300;refresher=uac");
  });

  test("refreshes a session, holds and hangs up within the call that an Asterisk placed", async () => {
    const s = await server(sessionTimer({ minSe: 90 }), accepts());
    const call = pbx.call({ to: "+1", trunk: "timed", talkMs: 20_000 });
    const invite = await s.request("INVITE");
    await s.request("ACK");
    const to = { address: pbxAt, port: 5060 };
    const headers = ["Supported: timer", "Session-Expires: 120;refresher=uac"];
    const refreshed = await s.ask(s.within(invite, "UPDATE", { headers }), 3000, to);
    expect([statusOf(refreshed), headerValues(refreshed, "Session-Expires").length]).toEqual([200, 1]);
    const body = sdp(at.address, 18000).replace("sendrecv", "sendonly").replace("1 1 IN", "1 2 IN");
    const held = await s.ask(s.within(invite, "INVITE", { body }), 3000, to);
    expect(bodyOf(held)).toMatch(/^a=recvonly/m);
    await s.send(s.within(invite, "ACK"), to);
    expect(statusOf(await s.ask(s.within(invite, "BYE"), 3000, to))).toBe(200);
    expect(await call).toMatchObject({ answered: true });
  });
});
