/** Encrypted and plain media, and unlike codecs, on the two sides of calls to carriers, and of forwarded ones. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { soon } from "../lab/edge.ts";
import { back, type Half, half, type Invited, invite, within } from "../targets/kamailio/calls.ts";
import { agentsSide, edgeAt, openWorld, type World } from "./call-world.ts";
import { cryptoLine, keyWatch, type Suite } from "./kit/keys.ts";
import { bodyOf, methodOf, request, response, sdp, unique } from "./kit/message.ts";

const cm80 = "1 AES_CM_128_HMAC_SHA1_80";
const cm32 = "2 AES_CM_128_HMAC_SHA1_32";
type Crypto = `${number} ${Suite}`;

const agents = {
  open: ["10.0.4.200", {}],
  allowed: ["10.0.4.201", { media_encryption: "allowed" }],
  sealed: ["10.0.4.202", { media_encryption: "required" }],
  modern: ["10.0.4.203", { media_encryption: "required", codecs: ["opus"] }],
} as const;
type Agent = keyof typeof agents;

/** Trunks, each with a carrier of its own. */
const trunks = {
  plain: ["203.0.113.200", { keys_over_clear_signalling: true }],
  allowed: ["203.0.113.201", { media_encryption: "allowed", keys_over_clear_signalling: true }],
  required: ["203.0.113.202", { media_encryption: "required", keys_over_clear_signalling: true }],
  guarded: ["203.0.113.203", { media_encryption: "required" }],
  careful: ["203.0.113.204", {}],
  opus: [
    "203.0.113.205",
    { media_encryption: "required", keys_over_clear_signalling: true, codecs: [{ name: "opus" }] },
  ],
  never: ["203.0.113.206", { keys_over_clear_signalling: true, transcode: "never" }],
} as const;
type Trunk = keyof typeof trunks;

const plain = "RTP/AVP";
const secure = "RTP/SAVP AES_CM_128_HMAC_SHA1_80";

describe.each(["6.1", "6.0"] as const)("engine line %s", (engine) => {
  let world: World;
  const keys = keyWatch();
  const callers = {} as Record<Agent, Half>;
  const carriers = {} as Record<Trunk, Half>;
  let office: Half;
  beforeAll(async () => {
    const own = Object.fromEntries(
      Object.entries(agents).map(([id, [address, more]]) => [id, { uri: `sip:${address}:5080`, ...more }]),
    );
    const forward = (n: number, via: Trunk) => ({
      match: { to_uri: `+1415555000${n}` },
      forward: { number: "+14155550177", via },
    });
    world = await openWorld({
      engine,
      network: {
        public_ip: edgeAt.address,
        agents: { address: agentsSide.address },
        rtp: [30000, 30999],
      },
      trunks: [
        ...Object.entries(trunks).map(([crew_id, [address, sip]]) => ({
          crew_id,
          country: "US",
          agents: own,
          sip: {
            codecs: [{ name: "PCMU" }, { name: "PCMA" }],
            outbound: { uri: `sip:${address}:5060` },
            ...sip,
          },
        })),
        {
          crew_id: "office",
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },
            codecs: [{ name: "PCMU" }, { name: "PCMA" }],
            media_encryption: "allowed",
            keys_over_clear_signalling: true,
            inbound_routes: [forward(1, "plain"), forward(2, "required"), forward(3, "opus")],
          },
        },
      ],
    });
    const party = async (address: string, port: number, edge: { address: string; port: number }) => {
      await world.lab.addAddress(address);
      const made = keys.watched(await half(world.lab, address, port, edge));
      const serve = async (): Promise<void> => {
        for (;;) {
          const { text } = await made.peer.receive(600_000, (d) => methodOf(d.text) === "OPTIONS");
          await made.send(response(text, "200 OK", { toTag: "agent" }));
        }
      };
      serve().catch(() => {});
      return made;
    };
    for (const [id, [address]] of Object.entries(agents))
      callers[id as Agent] = await party(address, 5080, agentsSide);
    for (const [id, [address]] of Object.entries(trunks))
      carriers[id as Trunk] = await party(address, 5060, edgeAt);
    office = await party("203.0.113.10", 5060, edgeAt);
  }, 600_000);
  afterAll(() => world.close());

  /** An SDP with these keys, or plain. */
  function media(of: Half, crypto: readonly Crypto[] = [], port = 17_000): string {
    const body = sdp(of.at.address, port);
    if (crypto.length === 0) return body;
    return body.replace("RTP/AVP", "RTP/SAVP") + crypto.map((c) => cryptoLine(of.at.address, c)).join("");
  }
  const opus = (body: string): string =>
    body
      .replace(/(m=audio \d+ \S+) 0 8/, "$1 96")
      .replace(/a=rtpmap:0 PCMU\/8000\r\na=rtpmap:8 PCMA\/8000/, "a=rtpmap:96 opus/48000/2");
  /** The profile of an SDP and the suites of its keys. */
  function spoken(text: string): string {
    const profile = /^m=audio \d+ (\S+)/m.exec(bodyOf(text))?.[1] ?? "no audio";
    const suites = [...bodyOf(text).matchAll(/^a=crypto:\d+ (\S+)/gm)].map((m) => m[1]);
    return [profile, ...suites].join(" ");
  }
  const codecs = (text: string): readonly string[] =>
    [...bodyOf(text).matchAll(/^a=rtpmap:\d+ ([^/\r]+)/gm)]
      .map((m) => m[1] ?? "")
      .filter((c) => c !== "telephone-event");

  const uri = `sip:+14155550123@${agentsSide.address}:5080`;
  const via = (trunk: Trunk) => [`X-Crew-Trunk: ${trunk}`];
  const say = (who: Half, to: string, status: string, body = ""): Promise<void> =>
    who.send(
      response(to, status, { toTag: "agent", contact: `sip:x@${who.at.address}:${who.at.port}`, body }),
    );
  const ring = (agent: Agent, trunk: Trunk, body: string): Promise<Invited> =>
    invite(callers[agent], carriers[trunk], { uri, body, headers: via(trunk) });
  async function refused(agent: Agent, trunk: Trunk, body: string): Promise<void> {
    const callId = unique("call");
    const { at } = callers[agent];
    await callers[agent].send(request({ at, callId, uri, body, headers: via(trunk) }));
    await callers[agent].next(callId, 488);
  }
  async function up(caller: Half, callee: Half, call: Invited, body: string): Promise<string> {
    await say(callee, call.got, "200 OK", body);
    const ok = await caller.next(call.callId, 200);
    await caller.send(within(caller, call, ok, "ACK", 1));
    await callee.next(call.callId, "ACK");
    return ok;
  }
  async function ends(caller: Half, callee: Half, call: Invited, ok: string): Promise<void> {
    await caller.send(within(caller, call, ok, "BYE", 9));
    await say(callee, await callee.next(call.callId, "BYE"), "200 OK");
    await caller.next(call.callId, 200);
  }

  describe("a new call", () => {
    test.each([
      ["open", [], "required", secure, [cm80], plain],
      ["open", [], "allowed", plain, [], plain],
      ["sealed", [cm80], "plain", plain, [], secure],
      ["sealed", [cm32, cm80], "required", secure, [cm80], secure],
      ["allowed", [cm80], "allowed", plain, [], secure],
      ["allowed", [], "required", secure, [cm80], plain],
    ] as const)(
      "of agent %s with %j to trunk %s: %s, answered %j: %s",
      async (agent, offer, trunk, there, answer, hither) => {
        const [caller, callee] = [callers[agent], carriers[trunk]];
        const call = await ring(agent, trunk, media(caller, offer));
        expect(spoken(call.got)).toBe(there);
        const ok = await up(caller, callee, call, media(callee, answer, 18_000));
        expect(spoken(ok)).toBe(hither);
        await ends(caller, callee, call, ok);
      },
    );

    test.each([
      ["open", "plain", "SRTP where it is not wanted", [cm80]],
      ["sealed", "plain", "no SRTP where it must be", []],
      ["sealed", "plain", "a suite that is too weak", [cm32]],
      ["open", "guarded", "keys that would cross without TLS", []],
      ["sealed", "careful", "keys that crossed without TLS", [cm80]],
    ] as const)("of agent %s to trunk %s is refused: %s", async (agent, trunk, _, crypto) => {
      await refused(agent, trunk, media(callers[agent], crypto));
      expect(world.edge.records("refused").at(-1)).toMatchObject({ code: 488, reason: "media_encryption" });
    });

    test("without an offer: the agent is offered what it must have, the carrier answered in kind", async () => {
      const [caller, callee] = [callers.sealed, carriers.required];
      const call = await invite(caller, callee, { uri, body: "", headers: via("required") });
      await say(callee, call.got, "200 OK", media(callee, [cm80], 18_000));
      const ok = await caller.next(call.callId, 200);
      expect(spoken(ok)).toBe(secure);
      const body = media(caller, [cm80]);
      await caller.send(within(caller, call, ok, "ACK", 1, { body }));
      expect(spoken(await callee.next(call.callId, "ACK"))).toBe(secure);
      await ends(caller, callee, call, ok);
    });

    test("an answer without keys is not passed on as one", async () => {
      const [caller, callee] = [callers.open, carriers.required];
      const call = await ring("open", "required", media(caller));
      await say(callee, call.got, "200 OK", media(callee, [], 18_000));
      expect(bodyOf(await caller.next(call.callId, 200))).toBe("");
      expect(world.edge.records("no_media").at(-1)).toMatchObject({ method: "INVITE" });
    });
  });

  describe("within a call", () => {
    test.each([
      ["open", [], "required", [cm80], plain, secure],
      ["sealed", [cm80], "plain", [], secure, plain],
      ["sealed", [cm80], "required", [cm80], secure, secure],
    ] as const)(
      "of agent %s with %j to trunk %s with %j, both keep what they began with",
      async (agent, ours, trunk, theirs, hither, there) => {
        const [caller, callee] = [callers[agent], carriers[trunk]];
        const call = await ring(agent, trunk, media(caller, ours));
        const ok = await up(caller, callee, call, media(callee, theirs, 18_000));
        await reinvites(caller, callee, call, ok, { ours, theirs, hither, there });
        const changed = media(caller, ours.length === 0 ? [cm80] : [], 17_006);
        await caller.send(within(caller, call, ok, "INVITE", 3, { body: changed }));
        await caller.next(call.callId, 488);
        await ends(caller, callee, call, ok);
      },
    );
  });

  interface Kept {
    readonly ours: readonly Crypto[];
    readonly theirs: readonly Crypto[];
    readonly hither: string;
    readonly there: string;
  }
  async function reinvites(caller: Half, callee: Half, call: Invited, ok: string, k: Kept): Promise<void> {
    const body = media(caller, k.ours, 17_002);
    await caller.send(within(caller, call, ok, "INVITE", 2, { body }));
    const again = await callee.next(call.callId, "INVITE");
    expect(spoken(again)).toBe(k.there);
    await say(callee, again, "200 OK", media(callee, k.theirs, 18_002));
    expect(spoken(await caller.next(call.callId, 200))).toBe(k.hither);
    await caller.send(within(caller, call, ok, "ACK", 2));
    await callee.send(back(callee, call, "INVITE", 1, media(callee, k.theirs, 18_004)));
    const other = await caller.next(call.callId, "INVITE");
    expect(spoken(other)).toBe(k.hither);
    await say(caller, other, "200 OK", media(caller, k.ours, 17_004));
    expect(spoken(await callee.next(call.callId, 200))).toBe(k.there);
    await callee.send(back(callee, call, "ACK", 1));
  }

  describe("a forwarded call", () => {
    test.each([
      [1, [cm80], "plain", [], secure, plain],
      [2, [], "required", [cm80], plain, secure],
      [2, [cm80], "required", [cm80], secure, secure],
    ] as const)(
      "of route %i with %j to trunk %s with %j keeps it, whoever offers anew",
      async (n, ours, trunk, theirs, hither, there) => {
        const callee = carriers[trunk];
        const to = `sip:+1415555000${n}@${edgeAt.address}`;
        const call = await invite(office, callee, { uri: to, body: media(office, ours) });
        expect(spoken(call.got)).toBe(there);
        const ok = await up(office, callee, call, media(callee, theirs, 18_000));
        expect(spoken(ok)).toBe(hither);
        await reinvites(office, callee, call, ok, { ours, theirs, hither, there });
        await ends(office, callee, call, ok);
      },
    );

    test("with PCMU to a carrier that has Opus alone is transcoded", async () => {
      const callee = carriers.opus;
      const to = `sip:+14155550003@${edgeAt.address}`;
      const call = await invite(office, callee, { uri: to, body: media(office) });
      expect([codecs(call.got), spoken(call.got)]).toEqual([["opus"], secure]);
      const ok = await up(office, callee, call, opus(media(callee, [cm80], 18_000)));
      expect(codecs(ok)).toEqual(["PCMU"]);
      await ends(office, callee, call, ok);
    });
  });

  describe("an agent that has Opus and SRTP", () => {
    test("reaches a carrier that has neither", async () => {
      const [caller, callee] = [callers.modern, carriers.plain];
      const call = await ring("modern", "plain", opus(media(caller, [cm80])));
      expect([codecs(call.got), spoken(call.got)]).toEqual([["PCMU", "PCMA"], plain]);
      const ok = await up(caller, callee, call, media(callee, [], 18_000));
      expect([codecs(ok), spoken(ok)]).toEqual([["opus"], secure]);
      const body = opus(media(caller, [cm80], 17_002));
      await caller.send(within(caller, call, ok, "INVITE", 2, { body }));
      const again = await callee.next(call.callId, "INVITE");
      expect([codecs(again), spoken(again)]).toEqual([["PCMU", "PCMA"], plain]);
      await say(callee, again, "200 OK", media(callee, [], 18_000));
      expect(codecs(await caller.next(call.callId, 200))).toEqual(["opus"]);
      await caller.send(within(caller, call, ok, "ACK", 2));
      await ends(caller, callee, call, ok);
    });

    test("is refused by a trunk that transcodes nothing", async () => {
      await refused("modern", "never", opus(media(callers.modern, [cm80])));
      expect(world.edge.records("refused").at(-1)).toMatchObject({ code: 488, reason: "no_common_codec" });
    });
  });

  test.each([
    ["plain", "plain", []],
    ["encrypted", "required", [cm80]],
  ] as const)(
    "an offer that the relay cannot read, %s, is refused as such and leaves no session",
    async (_, trunk, crypto) => {
      const agent = crypto.length === 0 ? "open" : "sealed";
      const before = await world.sessions();
      await refused(agent, trunk, media(callers[agent], crypto).replace("s=-", "junk"));
      await expect
        .poll(() => world.edge.records("refused").at(-1), soon)
        .toMatchObject({ code: 488, reason: "sdp" });
      expect(await world.sessions()).toEqual(before);
    },
  );

  test("a carrier that has Opus alone is reached by an agent that does not have it", async () => {
    const [caller, callee] = [callers.open, carriers.opus];
    const call = await ring("open", "opus", opus(media(caller)));
    expect(codecs(call.got)).toEqual(["opus"]);
    const ok = await up(caller, callee, call, opus(media(callee, [cm80], 18_000)));
    await ends(caller, callee, call, ok);
    await refused("open", "opus", media(caller));
    expect(world.edge.records("refused").at(-1)).toMatchObject({ code: 488, reason: "no_common_codec" });
  });

  test("no party was ever shown the key of another", () => {
    expect(keys.shown()).toEqual([]);
  });

  test("the script of all these calls has no mistake that Kamailio sees", () => {
    const said = world.edge.kamailio.lines.filter((l) => /(?:ERROR|WARNING|CRITICAL): (?!crew-)/.test(l));
    // A forward is no set of the dispatcher, which it says.
    expect(said.filter((l) => !/destination set \[0\] not found|send|Failed to parse SDP/.test(l))).toEqual(
      [],
    );
  });
});
