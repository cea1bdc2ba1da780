/** Encrypted and plain media on the two sides of a call: what is offered, what is refused, and that it stays so. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { back, type Half, half, type Invited, invite, within } from "../targets/kamailio/calls.ts";
import { agentsSide, draft, edgeAt, number, openWorld, toAgent, type World } from "./call-world.ts";
import { cryptoLine, keysIn, keyWatch, type Suite } from "./kit/keys.ts";
import { bodyOf, methodOf, request, response, sdp, unique } from "./kit/message.ts";

const agentHost = "10.0.4.200";
const cm80 = "1 AES_CM_128_HMAC_SHA1_80";
const cm32 = "2 AES_CM_128_HMAC_SHA1_32";
const gcm = "3 AEAD_AES_128_GCM";
type Crypto = `${number} ${Suite}`;

/** Trunks, known by their address. */
const trunks = {
  plain: ["203.0.113.200", { keys_over_clear_signalling: true }],
  allowed: ["203.0.113.201", { media_encryption: "allowed", keys_over_clear_signalling: true }],
  required: ["203.0.113.202", { media_encryption: "required", keys_over_clear_signalling: true }],
  guarded: ["203.0.113.203", { media_encryption: "required" }],
  careful: ["203.0.113.204", { media_encryption: "allowed" }],
} as const;
type Trunk = keyof typeof trunks;
const ids = ["open", "allowed", "sealed"] as const;
type AgentId = (typeof ids)[number];

describe.each(["6.1", "6.0"] as const)("engine line %s", (engine) => {
  let world: World;
  let agent: Half;
  const keys = keyWatch();
  const callers = {} as Record<Trunk, Half>;
  beforeAll(async () => {
    const uri = `sip:${agentHost}:5080`;
    const agents = {
      open: { uri },
      allowed: { uri, media_encryption: "allowed" },
      sealed: { uri, media_encryption: "required" },
    };
    const routes = [
      ...ids.map((id, n) => toAgent(n, id)),
      toAgent(3, "sealed", { on_failure: [{ agent_id: "open" }] }),
    ];
    const config = draft(agents, routes) as { trunks: { sip: object }[] };
    const [first] = config.trunks;
    world = await openWorld({
      ...config,
      engine,
      trunks: Object.entries(trunks).map(([crew_id, [address, sip]]) => ({
        ...first,
        crew_id,
        sip: { ...first?.sip, auth: { type: "ip_allowlist", allowed_ips: [address] }, ...sip },
      })),
    });
    await world.lab.addAddress(agentHost);
    agent = keys.watched(await half(world.lab, agentHost, 5080, agentsSide));
    for (const [id, [address]] of Object.entries(trunks)) {
      await world.lab.addAddress(address);
      callers[id as Trunk] = keys.watched(await half(world.lab, address, 5060, edgeAt));
    }
    const serve = async (): Promise<void> => {
      for (;;) {
        const { text } = await agent.peer.receive(600_000, (d) => methodOf(d.text) === "OPTIONS");
        await agent.send(response(text, "200 OK", { toTag: "agent" }));
      }
    };
    serve().catch(() => {});
  }, 600_000);
  afterAll(() => world.close());

  /** An SDP with these keys, or plain. */
  function media(host: string, crypto: readonly Crypto[] = [], port = 17_000): string {
    const plain = sdp(host, port);
    if (crypto.length === 0) return plain;
    return plain.replace("RTP/AVP", "RTP/SAVP") + crypto.map((c) => cryptoLine(host, c)).join("");
  }
  /** The profile of an SDP and the suites of its keys. */
  function spoken(text: string): string {
    const profile = /^m=audio \d+ (\S+)/m.exec(bodyOf(text))?.[1] ?? "no audio";
    const suites = [...bodyOf(text).matchAll(/^a=crypto:\d+ (\S+)/gm)].map((m) => m[1]);
    return [profile, ...suites].join(" ");
  }
  const plain = "RTP/AVP";
  const secure = "RTP/SAVP AES_CM_128_HMAC_SHA1_80";
  const secureGcm = "RTP/SAVP AEAD_AES_128_GCM";

  const say = (to: string, status: string, body = ""): Promise<void> =>
    agent.send(response(to, status, { toTag: "agent", contact: `sip:agent@${agentHost}:5080`, body }));
  const uriOf = (n: number): string => `sip:${number(n)}@${edgeAt.address}`;
  const ring = (trunk: Trunk, id: AgentId | number, body: string): Promise<Invited> =>
    invite(callers[trunk], agent, { uri: uriOf(typeof id === "number" ? id : ids.indexOf(id)), body });
  async function refused(trunk: Trunk, n: number, body: string): Promise<void> {
    const callId = unique("call");
    await callers[trunk].send(request({ at: callers[trunk].at, callId, uri: uriOf(n), body }));
    await callers[trunk].next(callId, 488);
  }
  const at = (trunk: Trunk): string => trunks[trunk][0];

  async function up(trunk: Trunk, call: Invited, crypto: readonly Crypto[]): Promise<string> {
    await say(call.got, "200 OK", media(agentHost, crypto, 18_000));
    const ok = await callers[trunk].next(call.callId, 200);
    await callers[trunk].send(within(callers[trunk], call, ok, "ACK", 1));
    await agent.next(call.callId, "ACK");
    return ok;
  }
  async function ends(trunk: Trunk, call: Invited, ok: string): Promise<void> {
    await callers[trunk].send(within(callers[trunk], call, ok, "BYE", 9));
    await say(await agent.next(call.callId, "BYE"), "200 OK");
    await callers[trunk].next(call.callId, 200);
  }

  describe("a new call", () => {
    test.each([
      ["plain", [], "sealed", secure, [cm80], plain],
      ["plain", [], "allowed", plain, [], plain],
      ["required", [cm80], "open", plain, [], secure],
      ["required", [cm32, cm80], "open", plain, [], secure],
      ["allowed", [cm80], "open", plain, [], secure],
      ["allowed", [], "sealed", secure, [cm80], plain],
      ["required", [cm80], "sealed", secure, [cm80], secure],
      ["required", [cm32, cm80], "sealed", secure, [cm80], secure],
      ["required", [gcm, cm80, cm32], "sealed", `${secureGcm} AES_CM_128_HMAC_SHA1_80`, [gcm], secureGcm],
      ["required", [cm32, gcm, cm80], "sealed", `${secureGcm} AES_CM_128_HMAC_SHA1_80`, [cm80], secureGcm],
    ] as const)(
      "trunk %s with %j to agent %s: %s, answered %j: %s",
      async (trunk, offer, id, there, answer, hither) => {
        const call = await ring(trunk, id, media(at(trunk), offer));
        expect(spoken(call.got)).toBe(there);
        const ok = await up(trunk, call, answer);
        expect(spoken(ok)).toBe(hither);
        await ends(trunk, call, ok);
      },
    );

    test.each([
      ["plain", "SRTP where it is not wanted", media(at("plain"), [cm80])],
      ["required", "no SRTP where it must be", media(at("required"))],
      ["required", "a suite that is too weak", media(at("required"), [cm32])],
      ["required", "DTLS", media(at("required"), [cm80]).replace("RTP/SAVP", "UDP/TLS/RTP/SAVP")],
      ["required", "a plain stream beside", `${media(at("required"), [cm80])}m=video 17002 RTP/AVP 96\r\n`],
      ["guarded", "keys without TLS", media(at("guarded"), [cm80])],
      ["careful", "keys without TLS where SRTP may be", media(at("careful"), [cm80])],
    ] as const)("of trunk %s is refused: %s", async (trunk, _, body) => {
      await refused(trunk, 0, body);
      expect(world.edge.records("refused").at(-1)).toMatchObject({
        trunk,
        code: 488,
        reason: "media_encryption",
      });
    });

    test("an agent that must have keys is left out where they would cross without TLS", async () => {
      const call = await ring("careful", 3, media(at("careful")));
      expect(call.got).toContain("X-Crew-Agent: open");
      expect(spoken(call.got)).toBe(plain);
      await ends("careful", call, await up("careful", call, []));
      await refused("careful", 2, media(at("careful")));
      expect(world.edge.records("refused").at(-1)).toMatchObject({ code: 488, reason: "media_encryption" });
    });

    test("without an offer: the edge offers keys where they must be", async () => {
      const call = await invite(callers.required, agent, { uri: uriOf(0), body: "" });
      await say(call.got, "200 OK", media(agentHost, [], 18_000));
      const ok = await callers.required.next(call.callId, 200);
      expect(spoken(ok)).toBe(secure);
      const body = media(at("required"), [cm80]);
      await callers.required.send(within(callers.required, call, ok, "ACK", 1, { body }));
      expect(spoken(await agent.next(call.callId, "ACK"))).toBe(plain);
      await ends("required", call, ok);
    });

    test("without an offer, encrypted on both sides", async () => {
      const call = await invite(callers.required, agent, { uri: uriOf(2), body: "" });
      await say(call.got, "200 OK", media(agentHost, [cm80], 18_000));
      const ok = await callers.required.next(call.callId, 200);
      expect(spoken(ok)).toBe(secure);
      const body = media(at("required"), [cm80]);
      await callers.required.send(within(callers.required, call, ok, "ACK", 1, { body }));
      expect(spoken(await agent.next(call.callId, "ACK"))).toBe(secure);
      await ends("required", call, ok);
    });

    test("an answer without keys is not passed on as one", async () => {
      const call = await ring("plain", "sealed", media(at("plain")));
      await say(call.got, "200 OK", media(agentHost, [], 18_000));
      expect(bodyOf(await callers.plain.next(call.callId, 200))).toBe("");
      expect(world.edge.records("no_media").at(-1)).toMatchObject({ method: "INVITE" });
    });
  });

  describe("within a call", () => {
    test.each([
      ["plain", [], "sealed", [cm80], plain, secure],
      ["required", [cm80], "open", [], secure, plain],
      ["required", [cm80], "sealed", [cm80], secure, secure],
    ] as const)(
      "of trunk %s with %j and agent %s with %j, both keep what they began with",
      async (trunk, theirs, id, ours, hither, there) => {
        const caller = callers[trunk];
        const call = await ring(trunk, id, media(at(trunk), theirs));
        const ok = await up(trunk, call, ours);
        await caller.send(within(caller, call, ok, "INVITE", 2, { body: media(at(trunk), theirs, 17_002) }));
        const again = await agent.next(call.callId, "INVITE");
        expect(spoken(again)).toBe(there);
        await say(again, "200 OK", media(agentHost, ours, 18_002));
        expect(spoken(await caller.next(call.callId, 200))).toBe(hither);
        await caller.send(within(caller, call, ok, "ACK", 2));

        await agent.send(back(agent, call, "INVITE", 1, media(agentHost, ours, 18_004)));
        const other = await caller.next(call.callId, "INVITE");
        expect(spoken(other)).toBe(hither);
        await caller.send(
          response(other, "200 OK", {
            contact: `sip:x@${at(trunk)}:5060`,
            body: media(at(trunk), theirs, 17_004),
          }),
        );
        expect(spoken(await agent.next(call.callId, 200))).toBe(there);
        await agent.send(back(agent, call, "ACK", 1));

        // Neither side may begin or leave off encryption.
        const changed = media(at(trunk), theirs.length === 0 ? [cm80] : [], 17_006);
        await caller.send(within(caller, call, ok, "INVITE", 3, { body: changed }));
        await caller.next(call.callId, 488);
        await ends(trunk, call, ok);
      },
    );
  });

  test("encrypted on both sides, each offer and answer keeps the keys that the edge made, whatever their tags", async () => {
    const caller = callers.required;
    const call = await ring("required", "sealed", media(at("required"), [cm80]));
    const ok = await up("required", call, [cm80]);
    const [forAgent, forCaller] = [keysIn(call.got), keysIn(ok)];
    expect([forAgent.length, forCaller.length]).toEqual([1, 1]);
    const tagged = "7 AES_CM_128_HMAC_SHA1_80" as const;
    for (const [cseq, own] of [
      [2, cm80],
      [3, tagged],
    ] as const) {
      const body = media(at("required"), [own], 17_000 + 2 * cseq);
      await caller.send(within(caller, call, ok, "INVITE", cseq, { body }));
      const again = await agent.next(call.callId, "INVITE");
      expect(keysIn(again)).toEqual(forAgent);
      await say(again, "200 OK", media(agentHost, [cm80], 18_000));
      const answered = await caller.next(call.callId, 200);
      expect(bodyOf(answered)).toContain(`a=crypto:${own} `);
      // Another tag is another key (RFC 4568 section 7.1.4).
      expect(keysIn(answered).join() === forCaller.join()).toBe(own === cm80);
      await caller.send(within(caller, call, ok, "ACK", cseq));
      await agent.next(call.callId, "ACK");
    }
    await ends("required", call, ok);
  });

  test("no party was ever shown the key of another", () => {
    expect(keys.shown()).toEqual([]);
  });

  test("the script of all these calls has no mistake that Kamailio sees", () => {
    const said = world.edge.kamailio.lines.filter((l) => /(?:ERROR|WARNING|CRITICAL): (?!crew-)/.test(l));
    expect(said.filter((l) => !l.includes("Network is unreachable") && !/send/.test(l))).toEqual([]);
  });
});
