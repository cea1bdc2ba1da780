/** Trunks with a password: who is let in, and that nothing else is (RFC 7616, RFC 8760). */
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { sippCall } from "../../src/phone/sipp.ts";
import { caller } from "../../src/phone/sipp-caller.ts";
import { targets } from "../../src/targets/registry.ts";
import { shows } from "../acceptance/shows.ts";
import { soon } from "../lab/edge.ts";
import { withoutCopies } from "./kit/agent.ts";
import { acknowledge, type Caller, dialogOf, hangUp } from "./kit/call.ts";
import { authorization, type Challenge, type Credentials, challengeOf } from "./kit/digest.ts";
import { methodOf, statusOf, unique } from "./kit/message.ts";
import type { Party } from "./kit/party.ts";
import { addresses, digestTrunk, edgeAt, openWorld, sleep, type World } from "./kit/world.ts";

const secret = "s3cret-of-branch";
const branch = digestTrunk({ id: "branch", username: "branch-7", password: secret, realm: "edge.example" });
const second = digestTrunk({ id: "second", username: "second-8", password: "0ther", realm: "edge.example" });
const modern = digestTrunk({
  id: "modern",
  username: "modern-9",
  password: secret,
  realm: "sha.example",
  algorithm: "SHA-256",
});

let world: World;
/** At an address that no trunk has; each test has its own, since answers to strangers are rationed. */
let stranger: Caller;
let last = 0;
beforeAll(async () => {
  world = await openWorld({
    trunks: [branch.draft, second.draft, modern.draft],
    edge: { digests: [branch.digest, second.digest, modern.digest] },
  });
});
afterAll(() => world.close());
beforeEach(async () => {
  stranger = await world.stranger(++last);
  await world.settle(0);
});

const uri = `sip:+14155551111@${edgeAt.address}`;

/** What a caller has to know to place a call twice: the challenge, and what it was for. */
interface Challenged {
  readonly callId: string;
  readonly fromTag: string;
  readonly challenge: Challenge;
  readonly response: string;
}

async function challenged(change: { uri?: string; method?: string } = {}): Promise<Challenged> {
  const callId = unique("digest");
  const fromTag = unique("f");
  const response = await stranger.ask(stranger.make({ uri, callId, fromTag, ...change }));
  return { callId, fromTag, response, challenge: challengeOf(response) };
}

const good: Credentials = { username: "branch-7", password: secret, method: "INVITE", uri };

/** The second INVITE, with credentials. */
const again = (c: Challenged, line: string, change: Parameters<Party["make"]>[0] = {}): string =>
  stranger.make({ uri, callId: c.callId, fromTag: c.fromTag, cseq: 2, headers: [line], ...change });

/** Parts that must differ between two answers taken out. */
const bare = (text: string): string =>
  text
    .replace(/nonce="[^"]*"/g, "nonce")
    .replace(/tag=[^;\s>]+/g, "tag")
    .replace(/branch=[^;\s]+/g, "branch")
    .replace(/^Call-ID:.*$/m, "Call-ID")
    .replace(/^CSeq:.*$/m, "CSeq");

describe("a stranger", () => {
  test("is challenged for INVITE: one realm, a nonce, qop auth, MD5", async () => {
    const { response, challenge } = await challenged();
    expect(statusOf(response)).toBe(407);
    expect(challenge).toMatchObject({ qop: "auth", stale: false });
    expect(challenge.nonce.length).toBeGreaterThan(20);
    expect(headerValues(response, "Proxy-Authenticate")).toHaveLength(1);
    expect(headerValues(response, "Server")).toEqual([]);
    expect(await world.settle(60)).toEqual({ agent: [], third: [] });
  });

  test("is challenged for REGISTER, and gets a 200 for OPTIONS that names what it may use and no more", async () => {
    const register = await stranger.ask(stranger.make({ method: "REGISTER", uri: `sip:${edgeAt.address}` }));
    expect(statusOf(register)).toBeOneOf([401, 407]);
    const options = await stranger.ask(stranger.make({ method: "OPTIONS", uri: `sip:${edgeAt.address}` }));
    expect(options).toMatch(/^SIP\/2.0 200 /);
    expect(options.split("\r\n").map((l) => l.split(":")[0])).toEqual([
      "SIP/2.0 200 OK",
      "Via",
      "From",
      "To",
      "Call-ID",
      "CSeq",
      "Allow",
      "Accept",
      "Supported",
      "Content-Length",
      "",
      "",
    ]);
  });

  test("meets silence with everything else", async () => {
    for (const method of [
      "MESSAGE",
      "SUBSCRIBE",
      "NOTIFY",
      "PUBLISH",
      "REFER",
      "INFO",
      "UPDATE",
      "PRACK",
      "BYE",
    ])
      for (const toTag of [undefined, "made-up"])
        await stranger.send(stranger.make({ method, uri, ...(toTag === undefined ? {} : { toTag }) }));
    for (const method of ["INVITE", "OPTIONS", "ACK", "CANCEL", "FROBNICATE"])
      await stranger.send(stranger.make({ method, uri, toTag: "made-up" }));
    await stranger.send(stranger.make({ method: "CANCEL", uri }));
    await stranger.send(stranger.make({ method: "ACK", uri }));
    expect(await world.settle()).toEqual({ agent: [], third: [] });
    expect(stranger.since(0)).toEqual([]);
  });

  test("gets a bounded number of answers to a flood, and others are served meanwhile", async () => {
    const flood = Array.from({ length: 400 }, (_, i) =>
      stranger.make({ uri, method: i % 2 === 0 ? "INVITE" : "OPTIONS" }),
    );
    const from = Date.now();
    await Promise.all(flood.map((text) => stranger.send(text)));
    await sleep(300);
    const seconds = Math.ceil((Date.now() - from) / 1000) + 1;
    const answered = new Set(stranger.since(0).map((t) => headerValues(t, "Call-ID")[0]));
    expect(answered.size).toBeGreaterThan(0);
    expect(answered.size).toBeLessThanOrEqual(20 * seconds);
    const bystander = await world.stranger(200);
    expect(statusOf(await bystander.ask(bystander.make({ uri })))).toBe(407);
    expect(await world.alive()).toBe(true);
  });
});

describe("the right password", () => {
  test("lets a call through to the agent, who never sees the credentials", async () => {
    shows("document/digest");
    const c = await challenged();
    const invite = again(c, authorization(c.challenge, good));
    const answer = await stranger.ask(invite);
    expect(statusOf(answer)).toBe(200);
    const dialog = dialogOf(invite, answer);
    await acknowledge(stranger, dialog);
    expect(statusOf(await hangUp(stranger, dialog))).toBe(200);
    const { agent } = await world.settle();
    expect(withoutCopies(agent).map(methodOf)).toEqual(["INVITE", "ACK", "BYE"]);
    expect(headerValues(agent[0] ?? "", "X-Crew-Trunk")).toEqual(["branch"]);
    for (const text of agent) {
      expect(text).not.toMatch(/authori[sz]ation/i);
      expect(text).not.toContain("branch-7");
      expect(text).not.toContain(c.challenge.nonce);
    }
  });

  test("works with SIPp", async () => {
    const result = await sippCall(
      {
        launcher: world.lab,
        tools: world.lab.tools,
        dir: join(world.lab.dir, "sipp"),
        name: "digest",
        address: stranger.at.address,
        port: 5070,
        remote: `${edgeAt.address}:${edgeAt.port}`,
        receiveMs: 4000,
        // SIPp's default is the proxy's address, which is not what it asks for.
        args: ["-auth_uri", `+14155551111@${edgeAt.address}:${edgeAt.port}`],
      },
      caller({ to: "+14155551111", talkMs: 50, auth: { username: "branch-7", password: secret } }),
    );
    expect({ ok: result.ok, codes: result.codes, errors: result.errors }).toEqual({
      ok: 1,
      codes: { 200: 1 },
      errors: "",
    });
    // SIPp does not wait until the agent has the ACK.
    const { agent } = await world.settle();
    expect(withoutCopies(agent).map(methodOf).sort()).toEqual(["ACK", "BYE", "INVITE"]);
  });

  test("with SHA-256: challenged with SHA-256 and let through", async () => {
    shows("document/digest", "behaviour/25-digest");
    const shaUri = `sip:modern@${edgeAt.address}`;
    const c = await challenged({ uri: shaUri });
    expect(c.challenge).toMatchObject({ realm: "sha.example", algorithm: "SHA-256" });
    const line = authorization(c.challenge, { ...good, username: "modern-9", uri: shaUri });
    const answer = await stranger.ask(again(c, line, { uri: shaUri, to: "<sip:+14155551111@x.example>" }));
    expect(statusOf(answer)).toBe(200);
    const { agent } = await world.settle(60);
    expect(headerValues(agent[0] ?? "", "X-Crew-Trunk")).toEqual(["modern"]);
  });

  test("registers nobody", async () => {
    const registrar = `sip:${edgeAt.address}`;
    const c = await challenged({ method: "REGISTER", uri: registrar });
    const line = authorization(c.challenge, { ...good, method: "REGISTER", uri: registrar });
    const answer = await stranger.ask(again(c, line, { method: "REGISTER", uri: registrar }));
    expect(statusOf(answer)).toBe(405);
    expect(await world.settle(60)).toEqual({ agent: [], third: [] });
  });

  test("opens only the trunk's own numbers", async () => {
    const other = `sip:+14155552222@${edgeAt.address}`;
    const c = await challenged({ uri: other });
    const answer = await stranger.ask(
      again(c, authorization(c.challenge, { ...good, uri: other }), { uri: other }),
    );
    expect(statusOf(answer)).toBe(404);
    expect(await world.settle(60)).toEqual({ agent: [], third: [] });
  });

  test("opens no Route and no foreign Request-URI", async () => {
    const a = await challenged();
    const route = `Route: <sip:${addresses.third};lr>`;
    const routed = await stranger.ask(
      again(a, authorization(a.challenge, good), { headers: [authorization(a.challenge, good), route] }),
    );
    expect(statusOf(routed)).toBe(403);
    const foreign = `sip:+14155551111@${addresses.third}`;
    const b = await challenged({ uri: foreign });
    const answer = await stranger.ask(
      again(b, authorization(b.challenge, { ...good, uri: foreign }), { uri: foreign }),
    );
    expect(statusOf(answer)).toBe(403);
    expect(await world.settle(60)).toEqual({ agent: [], third: [] });
  });
});

describe("wrong credentials", () => {
  const wrong: readonly [string, (c: Challenge) => string][] = [
    ["a wrong password", (c) => authorization(c, { ...good, password: "guess" })],
    ["an unknown user", (c) => authorization(c, { ...good, username: "nobody" })],
    ["an unknown user with a known password", (c) => authorization(c, { ...good, username: "branch-8" })],
    ["the user of another trunk", (c) => authorization(c, { ...good, username: "second-8" })],
    ["an empty user", (c) => authorization(c, { ...good, username: "" })],
    ["another case of the user", (c) => authorization(c, { ...good, username: "BRANCH-7" })],
    ["the trunk's id as user", (c) => authorization(c, { ...good, username: "branch" })],
    ["another realm", (c) => authorization(c, { ...good, realm: "other.example" })],
    ["the realm of another trunk", (c) => authorization(c, { ...good, realm: "sha.example" })],
    ["another algorithm", (c) => authorization(c, { ...good, algorithm: "SHA-256" })],
    ["an unknown algorithm", (c) => authorization(c, { ...good, algorithm: "MD4" })],
    ["a made-up nonce", (c) => authorization(c, { ...good, nonce: "bm90IGEgbm9uY2Ugb2Ygb3Vycw==" })],
    [
      "a nonce with one letter changed",
      (c) => {
        const letter = c.nonce[30] === "A" ? "B" : "A";
        return authorization(c, { ...good, nonce: `${c.nonce.slice(0, 30)}${letter}${c.nonce.slice(31)}` });
      },
    ],
    ["an empty nonce", (c) => authorization(c, { ...good, nonce: "" })],
    [
      "a truncated response",
      (c) => {
        const line = authorization(c, good);
        return line.replace(/response="([0-9a-f]{31})[0-9a-f]"/, 'response="$1"');
      },
    ],
    ["an empty response", (c) => authorization(c, { ...good, response: "" })],
    ["a response that is too long", (c) => authorization(c, good).replace(/response="/, 'response="00')],
    [
      "another uri in the credentials",
      (c) => authorization(c, { ...good, uri: "sip:+14155559999@198.51.100.7" }),
    ],
    [
      "the uri of a third party",
      (c) => authorization(c, { ...good, uri: `sip:+14155551111@${addresses.third}` }),
    ],
    ["the method of another request", (c) => authorization(c, { ...good, method: "REGISTER" })],
    ["no qop, nc, cnonce (RFC 2069)", (c) => authorization(c, { ...good, without: ["qop", "nc", "cnonce"] })],
    ["no nc", (c) => authorization(c, { ...good, without: ["nc"] })],
    ["no cnonce", (c) => authorization(c, { ...good, without: ["cnonce"] })],
    ["no response", (c) => authorization(c, { ...good, without: ["response"] })],
    ["no username", (c) => authorization(c, { ...good, without: ["username"] })],
    ["no uri", (c) => authorization(c, { ...good, without: ["uri"] })],
    ["no nonce", (c) => authorization(c, { ...good, without: ["nonce"] })],
    ["Basic", () => `Proxy-Authorization: Basic ${Buffer.from(`branch-7:${secret}`).toString("base64")}`],
    ["a very long user", (c) => authorization(c, { ...good, username: "b".repeat(3000) })],
    ["quotes in the user", (c) => authorization(c, { ...good, username: '\\"branch-7\\"' })],
    [
      "a user with the separator of tables",
      (c) => authorization(c, { ...good, username: "branch-7^branch" }),
    ],
  ];

  test.each(wrong)("%s: refused", async (_, line) => {
    shows("document/digest", "behaviour/25-digest");
    const c = await challenged();
    const answer = await stranger.ask(again(c, line(c.challenge))).catch(() => "silence");
    if (answer !== "silence") {
      expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
      expect(statusOf(answer)).toBeLessThan(500);
    }
    expect(await world.settle(40)).toEqual({ agent: [], third: [] });
  });

  test("wrong password and unknown user get the same answer, and so do the user of another realm and no credentials", async () => {
    const answers: string[] = [];
    for (const username of ["branch-7", "nobody", "second-8", "modern-9"]) {
      const c = await challenged();
      const line = authorization(c.challenge, { ...good, username, password: "guess" });
      answers.push(bare(await stranger.ask(again(c, line))));
      expect(bare(c.response)).toBe(answers[0]);
    }
    expect(new Set(answers)).toEqual(new Set([answers[0]]));
    expect(answers[0]).toMatch(/^SIP\/2.0 407 /);
  });

  test("neither is told apart by time", async () => {
    const took = { "branch-7": [] as number[], nobody: [] as number[] };
    for (let i = 0; i < 12; i++)
      for (const username of ["branch-7", "nobody"] as const) {
        stranger = await world.stranger(100 + i);
        const c = await challenged();
        const text = again(c, authorization(c.challenge, { ...good, username, password: "guess" }));
        const from = performance.now();
        await stranger.ask(text);
        took[username].push(performance.now() - from);
      }
    const median = (list: number[]): number => list.toSorted((a, b) => a - b)[6] ?? 0;
    // Far below what a network lets one see; a deliberate delay or a lookup elsewhere would show.
    expect(Math.abs(median(took["branch-7"]) - median(took.nobody))).toBeLessThan(20);
  });

  test("are recorded with reason, user and source, and without the secret", async () => {
    const c = await challenged();
    await stranger.ask(again(c, authorization(c.challenge, { ...good, password: "guess" })));
    const record = () => world.edge.records("refused").findLast((r) => r.call === c.callId);
    await expect
      .poll(record, soon)
      .toMatchObject({ reason: "credentials", user: "branch-7", source: stranger.at.address });
    const log = world.edge.kamailio.lines.join("\n");
    expect(log).not.toContain(secret);
    expect(log).not.toContain(branch.digest.ha1);
  });

  test("credentials of a digest trunk do nothing for a trunk with a fixed address", async () => {
    const c = await challenged();
    const { carrier } = world;
    const answer = await carrier.ask(
      carrier.make({
        uri: `sip:+14155559999@${edgeAt.address}`,
        headers: [authorization(c.challenge, good)],
      }),
    );
    expect(statusOf(answer)).toBe(404);
    const mine = await carrier.ask(carrier.make({ uri, headers: [authorization(c.challenge, good)] }));
    expect(statusOf(mine)).toBe(200);
    const { agent } = await world.settle(60);
    expect(headerValues(agent[0] ?? "", "X-Crew-Trunk")).toEqual(["acme"]);
    expect(agent.join("")).not.toMatch(/authori[sz]ation/i);
  });
});

describe("credentials that were used", () => {
  /** A call that was let in, and the line that let it in. */
  async function used(): Promise<Challenged & { readonly line: string }> {
    const c = await challenged();
    const line = authorization(c.challenge, good);
    const invite = again(c, line);
    const answer = await stranger.ask(invite);
    expect(statusOf(answer)).toBe(200);
    const dialog = dialogOf(invite, answer);
    await acknowledge(stranger, dialog);
    await hangUp(stranger, dialog);
    await world.settle(60);
    return { ...c, line };
  }

  const elsewhere = { uri: `sip:+14155551111@${edgeAt.address};user=phone` };
  test.each<[string, (c: Challenged) => Parameters<Party["make"]>[0]]>([
    ["in the same call", () => ({ cseq: 3 })],
    ["with another Call-ID", () => ({ callId: unique("replay"), fromTag: unique("f") })],
    ["with another tag", () => ({ fromTag: unique("f") })],
    ["with another Request-URI", () => ({ callId: unique("replay"), ...elsewhere })],
    ["with another method", () => ({ callId: unique("replay"), method: "REGISTER", body: "" })],
  ])("again %s: refused", async (_, change) => {
    const { line, ...c } = await used();
    const answer = await stranger.ask(again(c, line, change(c)));
    expect(statusOf(answer)).toBeOneOf([401, 407]);
    expect(challengeOf(answer).nonce).not.toBe(c.challenge.nonce);
    expect(await world.settle(40)).toEqual({ agent: [], third: [] });
  });

  test("from another address: refused", async () => {
    const thief = await world.stranger(210);
    const { line: spent, ...call } = await used();
    const late = await thief.ask(
      thief.make({ uri, callId: call.callId, fromTag: call.fromTag, headers: [spent] }),
    );
    expect(statusOf(late)).toBe(407);
    expect(await world.settle(40)).toEqual({ agent: [], third: [] });
  });

  test("the same nonce with the next nonce count: let in or challenged anew, never let in twice", async () => {
    const c = await used();
    const next = authorization(c.challenge, { ...good, nc: "00000002", cnonce: "77" });
    const callId = unique("nc");
    const first = await stranger.ask(again(c, next, { callId }));
    expect(statusOf(first)).toBeOneOf([200, 407]);
    if (statusOf(first) === 407) {
      const retried = authorization(challengeOf(first), good);
      expect(statusOf(await stranger.ask(again(c, retried, { callId, cseq: 3 })))).toBe(200);
    }
    await world.settle(40);
    const second = await stranger.ask(again(c, next, { callId: unique("nc"), cseq: 4 }));
    expect(statusOf(second)).toBe(407);
    for (const nc of ["00000001", "00000000", "1", "ffffffff", "g"]) {
      const line = authorization(c.challenge, { ...good, nc, cnonce: "78" });
      const answer = await stranger.ask(again(c, line, { callId: unique("nc"), cseq: 5 })).catch(() => "");
      if (nc !== "ffffffff") expect([nc, statusOf(answer)]).not.toEqual([nc, 200]);
    }
  });

  test("a retransmission of the INVITE is the same call, not a replay", async () => {
    const c = await challenged();
    const invite = again(c, authorization(c.challenge, good));
    await stranger.send(invite);
    await stranger.send(invite);
    await stranger.send(invite);
    const isAnswer = (t: string): boolean => headerValues(t, "CSeq")[0] === "2 INVITE" && statusOf(t) === 200;
    await stranger.peer.receive(3000, (d) => isAnswer(d.text) && d.text.includes(c.callId));
    await sleep(150);
    const answers = stranger
      .since(0)
      .filter((t) => headerValues(t, "CSeq")[0] === "2 INVITE")
      .map(statusOf);
    expect(answers).toContain(200);
    expect(answers.filter((s) => s >= 300)).toEqual([]);
    expect(world.agent.requests("INVITE")).toHaveLength(1);
  });
});

test("a nonce that is too old: challenged with stale=true, and the new one is good", async () => {
  // The product's nonces live a minute.
  const impatient = targets.map((target) => ({
    ...target,
    build: (...[model]: Parameters<typeof target.build>) => {
      const built = target.build(model);
      const change = (text: string): string => text.replace(/("nonce_expire", )\d+/, "$11");
      return { ...built, artifacts: built.artifacts.map((a) => ({ ...a, text: change(a.text) })) };
    },
  }));
  const other = await openWorld({
    trunks: [branch.draft],
    edge: { digests: [branch.digest], targets: impatient },
  });
  try {
    stranger = await other.stranger(1);
    const c = await challenged();
    await sleep(2500);
    const late = await stranger.ask(again(c, authorization(c.challenge, good)));
    expect(statusOf(late)).toBe(407);
    const fresh = challengeOf(late);
    expect(fresh.stale).toBe(true);
    expect(await other.settle(40)).toEqual({ agent: [], third: [] });
    const invite = again(c, authorization(fresh, good), { cseq: 3 });
    expect(statusOf(await stranger.ask(invite))).toBe(200);
  } finally {
    await other.close();
  }
});
