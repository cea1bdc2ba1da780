/** TLS, SRTP and Opus on both sides: the audio arrives, nobody between reads it, and neither side learns where the other is. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Phone, type PhoneOptions, phone } from "../../src/phone/baresip.ts";
import type { Message } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { capture, rtpStreams } from "../lab/capture.ts";
import { authority, type Certificate } from "../lab/certificates.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { leaks } from "../lab/leaks.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { secureOpus } from "../lab/secure-phone.ts";
import { sipMessages } from "../lab/sip-capture.ts";
import { traits } from "../lab/traits.ts";
import { agentsSide, draft, edgeAt, number, sleep, toAgent } from "./call-world.ts";

const carrierAt = "203.0.113.10";
const agentAt = "10.0.4.10";

let lab: Lab;
let edge: Edge;
let theirs: Certificate;
let ours: Certificate;
beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address] });
  const ca = await authority(lab);
  const own = await ca.issue([edgeAt.address, agentsSide.address]);
  theirs = await ca.issue([carrierAt, "carrier.example.com"]);
  ours = await ca.issue([agentAt, "agent.inside.example.com"]);
  const agents = {
    sarah: { uri: `sip:${agentAt}:5081;transport=tls`, media_encryption: "required", codecs: ["opus"] },
  };
  const sip = { media_encryption: "required", codecs: [{ name: "opus" }] };
  const base = draft(agents, [toAgent(0, "sarah")], sip) as { readonly network: object };
  const tls = { certificate: own.certificate, private_key: own.key, ca: ca.ca };
  edge = await startEdge(lab, { ...base, network: { ...base.network, tls } });
}, 300_000);
afterAll(() => lab?.close());

async function telephone(
  address: string,
  certificate: Certificate,
  o: Partial<PhoneOptions>,
): Promise<Phone> {
  const name = `phone-${address}`;
  const as = { launcher: await lab.host(address), tools: lab.tools, dir: join(lab.dir, name), name, address };
  const made = await phone({ ...as, ...secureOpus(certificate), ...o });
  onTestFinished(() => made.stop());
  return made;
}

const keysOf = (messages: readonly Message[]): readonly string[] =>
  messages.flatMap((m) => [...m.text.matchAll(/inline:([A-Za-z0-9+/=]+)/g)].map((k) => k[1] ?? ""));

test("an inbound call", async () => {
  shows("behaviour/27-hiding", "document/tls", "document/srtp");
  const agent = await telephone(agentAt, ours, { port: 5080, user: "sarah-inside", playHz: 1100 });
  const caller = await telephone(carrierAt, theirs, { port: 5060, playHz: 700 });
  const hosts = [carrierAt, agentAt];
  const wires = await Promise.all(hosts.map(async (at) => capture(lab, "udp or tcp", await lab.host(at))));
  const dialled = await caller.dial(`sip:${number(0)}@${edgeAt.address}:5061;transport=tls`);
  expect(dialled).toMatchObject({ answered: true });
  await sleep(1200);
  expect([caller.heard(1100).heard, agent.heard(700).heard]).toEqual([true, true]);
  caller.hangUp();
  await caller.ended(2000);
  await expect.poll(() => edge.records("ended")).toHaveLength(1);

  // Both phones print what they send, which names their program, and what they get.
  const seen = new Map([
    [carrierAt, caller.messages()],
    [agentAt, agent.messages()],
  ]);
  const sent = (at: string) => (seen.get(at) ?? []).filter((m) => /^(?:User-Agent|Server): /m.test(m.text));
  for (const [here, there] of [hosts, hosts.toReversed()] as [string, string][]) {
    const known = new Set([...traits(sent(here)), edgeAt.address]);
    const keys = keysOf(sent(there));
    expect(keys).toHaveLength(1);
    const theirs = traits(sent(there)).filter((word) => !known.has(word));
    expect(theirs).toEqual(expect.arrayContaining([there, ...keys]));
    expect({ here, leaks: leaks(seen.get(here) ?? [], theirs) }).toEqual({ here, leaks: [] });
  }
  expect(
    leaks(seen.get(carrierAt) ?? [], [agentsSide.address, "sarah-inside", "inside.example.com"]),
  ).toEqual([]);

  // And nobody on the way reads any of it.
  for (const wire of wires) {
    const packets = await wire.stop();
    expect(sipMessages(packets)).toEqual([]);
    expect(rtpStreams(packets).map((s) => s.heard(700).heard || s.heard(1100).heard)).toEqual([false, false]);
  }
}, 60_000);
