/**
 * An Asterisk as the provider, over TLS with SRTP, where it asks for our certificate, and over UDP without: registered with a password, called and calling, with
 * agents that speak what the provider does not.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Phone, type PhoneOptions, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import type { Asterisk } from "../lab/asterisk.ts";
import { capture, rtpStreams } from "../lab/capture.ts";
import { authority } from "../lab/certificates.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { leaks } from "../lab/leaks.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { providerHz, startProvider } from "../lab/provider.ts";
import { secureOpus } from "../lab/secure-phone.ts";
import { traits } from "../lab/traits.ts";
import { sleep } from "./call-world.ts";

const edgeAt = "198.51.100.7";
const agentsSide = "10.0.4.1";
const plainAt = "10.0.4.10";
const secureAt = "10.0.4.11";
const providerAt = "203.0.113.50";
const agentHz = 1100;
/** The provider's accounts: one over TLS with SRTP, the other one over UDP without. */
const accounts = { secure: "+14155550199", plain: "+14155550198" } as const;
const password = 's3:"cret$x';

const sides = [
  ["secure", "plain"],
  ["plain", "secure"],
] as const;

describe.each(["6.1", "6.0"] as const)("engine line %s", (engine) => {
  let lab: Lab;
  let edge: Edge;
  let provider: Asterisk;
  /** Opus without SRTP over UDP, and Opus with SRTP over TLS. */
  let plain: Phone;
  let secure: Phone;

  beforeAll(async () => {
    lab = await openLab({ addresses: [edgeAt, agentsSide] });
    const ca = await authority(lab);
    const own = await ca.issue([edgeAt, agentsSide]);
    const theirs = await ca.issue([providerAt]);
    provider = await startProvider(lab, "provider", {
      address: providerAt,
      users: {
        [accounts.secure]: { password, mediaEncryption: "sdes" },
        [accounts.plain]: { password },
      },
      algorithms: ["MD5"],
      tls: { certificate: theirs.certificate, key: theirs.key, ca: ca.ca, clients: true },
    });
    const trunk = (crew_id: "secure" | "plain", uri: string, agents: object, sip: object) => ({
      crew_id,
      country: "US",
      agents,
      sip: {
        codecs: [{ name: "PCMU" }],
        ...sip,
        outbound: {
          uri,
          register: { expires: 60 },
          auth: { username: accounts[crew_id], password: { secret: "P" }, realm: "provider.example.com" },
          caller_id: accounts[crew_id],
        },
        inbound_routes: [{ match: { to_user: crew_id }, agent_id: Object.keys(agents)[0] }],
      },
    });
    edge = await startEdge(
      lab,
      {
        engine,
        network: {
          public_ip: edgeAt,
          agents: { address: agentsSide },
          rtp: [30000, 30999],
          tls: { certificate: own.certificate, private_key: own.key, ca: ca.ca },
        },
        trunks: [
          trunk(
            "secure",
            `sip:${providerAt}:5061;transport=tls`,
            { agent_plain: { uri: `sip:${plainAt}:5080`, codecs: ["opus"] } },
            { media_encryption: "required" },
          ),
          trunk(
            "plain",
            `sip:${providerAt}:5060`,
            {
              agent_secure: {
                uri: `sip:${secureAt}:5081;transport=tls`,
                codecs: ["opus"],
                media_encryption: "required",
              },
            },
            {},
          ),
        ],
      },
      {
        passwords: [
          { trunk: "secure", password },
          { trunk: "plain", password },
        ],
      },
    );
    const agent = async (address: string, more: Partial<PhoneOptions>): Promise<Phone> =>
      phone({
        launcher: await lab.host(address),
        tools: lab.tools,
        dir: join(lab.dir, `agent-${address}`),
        name: `agent-${address}`,
        address,
        port: 5080,
        user: "agent",
        domain: agentsSide,
        playHz: agentHz,
        ...more,
      });
    plain = await agent(plainAt, { codecs: ["opus/48000/2"] });
    secure = await agent(secureAt, secureOpus(await ca.issue([secureAt])));
  }, 300_000);
  afterAll(async () => {
    await plain?.stop();
    await secure?.stop();
    await edge?.stop();
    await lab?.close();
  });

  const agentOf = (name: "plain" | "secure"): Phone => (name === "plain" ? plain : secure);

  const keyIn = (words: readonly string[]): boolean => words.some((w) => /^[A-Za-z0-9+/]{40}$/.test(w));

  /** What the provider and an agent sent and got from now on: neither has an address, a header or a key of the other. */
  function watch(account: "plain" | "secure", agentName: "plain" | "secure"): () => void {
    const agent = agentOf(agentName);
    const [providerFrom, agentFrom] = [provider.messages().length, agent.messages().length];
    return () => {
      const atProvider = provider.messages().slice(providerFrom);
      const atAgent = agent.messages().slice(agentFrom);
      // Over TLS the agent's trace does not say who sent a message; what it sent itself names its program.
      const ofAgent = traits(atAgent.filter((m) => /^(?:User-Agent|Server): /m.test(m.text)));
      const ofProvider = traits(atProvider.filter((m) => m.direction === "sent"));
      // "crew" is in the branch that stands for the other side's Via, and in the From of the edge's own requests.
      const edges = [edgeAt, agentsSide, "crew"];
      const beyond = (words: readonly string[], known: readonly string[]): readonly string[] =>
        words.filter((word) => !known.includes(word) && !edges.includes(word));
      const agents = [...beyond(ofAgent, ofProvider), agentsSide];
      const providers = [...beyond(ofProvider, ofAgent), password];
      expect(agents).toContain(agentName === "secure" ? secureAt : plainAt);
      expect(providers).toContain(providerAt);
      expect([keyIn(providers), keyIn(agents)]).toEqual([account === "secure", agentName === "secure"]);
      expect({ atProvider: leaks(atProvider, agents), atAgent: leaks(atAgent, providers) }).toEqual({
        atProvider: [],
        atAgent: [],
      });
    };
  }

  describe.each(sides)("the provider with %s media, and an agent with %s media", (account, agentName) => {
    test("is registered with", async () => {
      shows("document/registration");
      const contact =
        account === "secure" ? `sip:secure@${edgeAt}:5061;transport=tls` : `sip:plain@${edgeAt}:5060`;
      await expect.poll(() => provider.contacts(accounts[account]), { timeout: 20_000 }).toEqual([contact]);
      await expect
        .poll(() => edge.records("registered").filter((r) => r.trunk === account), soon)
        .toMatchObject([{ source: providerAt }]);
    }, 40_000);

    test("calls the Contact: tones both ways, and the wire shows what it should", async () => {
      shows("behaviour/27-hiding");
      await expect.poll(() => provider.contacts(accounts[account]), { timeout: 20_000 }).toHaveLength(1);
      const wire = await capture(lab, "udp");
      const nothingLeaked = watch(account, agentName);
      const call = await provider.call({
        trunk: accounts[account],
        to: "1",
        asRegistered: true,
        hz: 700,
        talkMs: 2500,
      });
      expect(call).toMatchObject({ answered: true });
      await expect.poll(() => call.heard(agentHz).heard, soon).toBe(true);
      const agent = agentOf(agentName);
      await agent.ended(3000);
      expect(agent.heard(700).heard).toBe(true);
      // Keys on one side alone: on the other one the tone can be recognised.
      const streams = rtpStreams(await wire.stop());
      const clear = streams
        .filter((s) => s.from.startsWith(`${providerAt}:`))
        .some((s) => s.heard(700).heard);
      expect(clear).toBe(account === "plain");
      await expect
        .poll(() => edge.records("ended").filter((r) => r.trunk === account), soon)
        .toMatchObject([{ by: "carrier" }]);
      nothingLeaked();
    }, 60_000);

    test("is called by the agent, and asks for the password of the account", async () => {
      shows("document/outbound", "document/tls", "document/srtp", "behaviour/27-hiding");
      const before = provider.messages().length;
      const nothingLeaked = watch(account, agentName);
      const agent = agentOf(agentName);
      const port = agentName === "secure" ? "5081;transport=tls" : "5080";
      expect(await agent.dial(`sip:+14155550002@${agentsSide}:${port}`)).toMatchObject({ answered: true });
      await sleep(1800);
      agent.hangUp();
      await agent.ended(3000);
      expect(agent.heard(providerHz).heard).toBe(true);
      const calls = messagesOf(provider.messages().slice(before), "INVITE").filter(
        (m) => m.direction === "received",
      );
      expect(calls.map((m) => headerValues(m.text, "Authorization").length)).toEqual([0, 1]);
      expect(calls[1]?.text).toMatch(
        account === "secure" ? /m=audio \d+ RTP\/SAVP 0 / : /m=audio \d+ RTP\/AVP 0 /,
      );
      expect(calls[1]?.text).toMatch(
        account === "secure" ? /^Via: SIP\/2\.0\/TLS /m : /^Via: SIP\/2\.0\/UDP /m,
      );
      await expect
        .poll(() => messagesOf(provider.messages().slice(before), "BYE").length, soon)
        .toBeGreaterThanOrEqual(1);
      nothingLeaked();
    }, 60_000);
  });
});
