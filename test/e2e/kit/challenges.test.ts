/** Challenges and registrations against programs that know nothing of them, and against clients that do it wrong. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { headerValues, messagesOf } from "../../../src/phone/message.ts";
import { type Asterisk, startAsterisk } from "../../lab/asterisk.ts";
import { accepts, refuses, registrar } from "./behaviours.ts";
import { challenges } from "./challenges.ts";
import { authorization, challengeOf } from "./digest.ts";
import { statusOf, unique } from "./message.ts";
import type { Party } from "./party.ts";
import { at, auth, realm, type ServerLab, serverLab, users } from "./server-lab.ts";

let world: ServerLab;
let pbx: Asterisk;
let client: Party;
const server: ServerLab["server"] = (...behaviours) => world.server(...behaviours);
const sipp: ServerLab["sipp"] = (o) => world.sipp(o);
beforeAll(async () => {
  world = await serverLab();
  ({ pbx, client } = world);
}, 300_000);
afterAll(() => world.lab.close());

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

  test("is asked of an Asterisk within a call too", async () => {
    const s = await server(challenges({ realm, users, methods: ["INVITE", "BYE"] }), accepts());
    expect(await pbx.call({ to: "+1", trunk: "provider", talkMs: 50 })).toMatchObject({ answered: true });
    await s.request("BYE", 1);
    await expect.poll(() => messagesOf(pbx.messages(), "BYE").length).toBeGreaterThanOrEqual(2);
    expect(s.problems()).toEqual([]);
  });

  const uri = "sip:+1@203.0.113.60";
  type Change = Partial<Parameters<typeof authorization>[1]>;

  /** A call by hand, which goes on until it is let in or the test has seen enough. */
  function attempt(): {
    /** An INVITE without credentials, and its challenge. */
    challenged(): Promise<string>;
    /** The response to an INVITE that answers a challenge, with these parts changed. */
    answers(
      challenge: string,
      change: Change,
      cseq: number,
      edit?: (line: string) => string,
    ): Promise<string>;
  } {
    const [callId, fromTag] = [unique("call"), unique("f")];
    return {
      challenged: () => client.ask(client.make({ uri, callId, fromTag })),
      answers: (challenge, change, cseq, edit = (line) => line) => {
        const opaque = /opaque="([^"]*)"/.exec(challenge)?.[1];
        const line = authorization(challengeOf(challenge), { ...auth, method: "INVITE", uri, ...change });
        const headers = [edit(`${line}, opaque="${opaque}"`)];
        return client.ask(client.make({ uri, callId, fromTag, cseq, headers }));
      },
    };
  }

  async function answered(change: Change, cseq = 2, edit?: (line: string) => string): Promise<number> {
    const call = attempt();
    return statusOf(await call.answers(await call.challenged(), change, cseq, edit));
  }

  test("counts how often a nonce is used, and tells of a stale one", async () => {
    const s = await server(challenges({ realm, users, nonceUses: 2 }), refuses("486 Busy Here"));
    const call = attempt();
    const challenge = await call.challenged();
    expect(statusOf(await call.answers(challenge, { nc: "00000001" }, 2))).toBe(486);
    expect(statusOf(await call.answers(challenge, { nc: "00000002" }, 3))).toBe(486);
    expect(s.problems()).toEqual([]);
    const stale = await call.answers(challenge, { nc: "00000003" }, 4);
    expect([statusOf(stale), challengeOf(stale).stale, challengeOf(challenge).stale]).toEqual([
      401,
      true,
      false,
    ]);
    expect(statusOf(await call.answers(stale, {}, 5))).toBe(486);
    expect(s.problems()).toEqual([]);
    expect(statusOf(await call.answers(stale, { nc: "00000001" }, 6))).toBe(486);
    expect(s.problems()).toEqual([expect.stringContaining("nc is 00000001, not 00000002")]);
  });

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
    const other = await startAsterisk(world.lab, name, { address, trunks }, await world.lab.host(address));
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
