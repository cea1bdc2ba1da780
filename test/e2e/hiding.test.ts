/** What either side learns of the other in the calls that every edge carries: nothing, in any header or body of any message. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Phone, type PhoneOptions, phone } from "../../src/phone/baresip.ts";
import { shows } from "../acceptance/shows.ts";
import { type Asterisk, startAsterisk } from "../lab/asterisk.ts";
import { capture } from "../lab/capture.ts";
import { startEdge } from "../lab/edge.ts";
import { leaks } from "../lab/leaks.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { startAgent } from "../lab/peers.ts";
import { providerHz, startProvider } from "../lab/provider.ts";
import { type SipMessage, sipMessages } from "../lab/sip-capture.ts";
import { traits } from "../lab/traits.ts";
import { agentsSide, edgeAt, sleep } from "./call-world.ts";

const pbxAt = "203.0.113.10";
const openAt = "203.0.113.50";
const strictAt = "203.0.113.60";
const agentAt = "10.0.4.10";
const secondAt = "10.0.4.11";
const brokenAt = "10.0.4.20";
const account = "+14155550199";
const password = "s3cret-of-the-trunk";
const agentHz = 1100;
/** Headers of a caller's own, that no config names. */
const own = { "X-Internal-Route": "rack-seven-pbx", "P-Charging-Vector": "icid-value=charged-here" };

let lab: Lab;
let pbx: Asterisk;
let strict: Asterisk;
let agent: Phone;

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address] });
  const known = { edge: { address: edgeAt.address } };
  const open = { address: openAt, trunks: known, agent: { hz: providerHz } };
  await startAsterisk(lab, "open", open, await lab.host(openAt));
  const users = { [account]: { password } };
  strict = await startProvider(lab, "strict", { address: strictAt, users, realm: "strict.example.com" });
  pbx = await startAsterisk(lab, "pbx", { address: pbxAt, trunks: known }, await lab.host(pbxAt));
  await startEdge(
    lab,
    {
      network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "office",
          country: "US",
          agents: {
            sarah: { uri: `sip:${agentAt}:5080` },
            broken: { uri: `sip:${brokenAt}:5080` },
          },
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [pbxAt] },
            inbound_routes: [
              { match: { to_uri: "+14155551111" }, agent_id: "sarah" },
              { match: { to_uri: "+14155552222" }, agent_id: "broken", on_failure: [{ agent_id: "sarah" }] },
              { match: { to_uri: "+14155553333" }, forward: { number: "+14155550002", via: "strict" } },
            ],
          },
        },
        {
          crew_id: "plain",
          country: "US",
          agents: { marcus: { uri: `sip:${secondAt}:5080` } },
          sip: {
            outbound: { uri: `sip:${openAt}:5060`, caller_id: "+14155551234", allowed_destinations: ["+1"] },
          },
        },
        {
          crew_id: "strict",
          country: "US",
          agents: { sarah: { uri: `sip:${agentAt}:5080` } },
          sip: {
            outbound: {
              uri: `sip:${strictAt}:5060`,
              register: { expires: 60 },
              auth: { username: account, password: { secret: "P" }, realm: "strict.example.com" },
              caller_id: account,
              allowed_destinations: ["+1"],
            },
            inbound_routes: [{ match: { to_user: "strict" }, agent_id: "sarah" }],
          },
        },
      ],
    },
    { passwords: [{ trunk: "strict", password }] },
  );
  agent = await telephone("sarah", agentAt, "sarah-inside");
}, 300_000);
afterAll(() => lab?.close());

async function telephone(
  name: string,
  address: string,
  user: string,
  o: Partial<PhoneOptions> = {},
): Promise<Phone> {
  const as = { launcher: await lab.host(address), tools: lab.tools, dir: join(lab.dir, name), name, address };
  return phone({ ...as, port: 5080, user, playHz: agentHz, ...o });
}

type Seen = ReadonlyMap<string, readonly SipMessage[]>;

/** Captures at hosts until the end of the work: what each of them sent and got. */
async function watch(hosts: readonly string[], work: () => Promise<void>): Promise<Seen> {
  const wires = await Promise.all(
    hosts.map(async (host) => [host, await capture(lab, "udp or tcp", await lab.host(host))] as const),
  );
  await work();
  const seen = new Map<string, readonly SipMessage[]>();
  for (const [host, wire] of wires) seen.set(host, sipMessages(await wire.stop()));
  return seen;
}

/** What a party tells of itself, but for what the other one tells of itself too: two of them may be of one make. */
function secrets(theirs: readonly { readonly text: string }[], mine: readonly { readonly text: string }[]) {
  const known = new Set([...traits(mine, Object.keys(own)), edgeAt.address]);
  return traits(theirs, Object.keys(own)).filter((word) => !known.has(word));
}

/** What requests with credentials say of them. */
const credentialsOf = (messages: readonly SipMessage[]): readonly string[] =>
  traits(messages).filter((word) => messages.some((m) => m.text.includes(`="${word}"`)));

/** No message at either host has anything of the other one, and each of them has told enough of itself to be found. */
function apart(seen: Seen, one: string, other: string, more: readonly string[] = []): void {
  for (const [here, there] of [
    [one, other],
    [other, one],
  ] as const) {
    const all = seen.get(here) ?? [];
    const sent = (host: string) => (seen.get(host) ?? []).filter((m) => m.from.startsWith(`${host}:`));
    const needles = secrets(sent(there), sent(here));
    expect(needles).toContain(there);
    expect([here, all.length > 2, needles.length > 3]).toEqual([here, true, true]);
    expect({ at: here, leaks: leaks(all, [...needles, ...more]) }).toEqual({ at: here, leaks: [] });
  }
}

test("an inbound call, plain", async () => {
  shows("behaviour/27-hiding");
  const seen = await watch([pbxAt, agentAt], async () => {
    const call = await pbx.call({ trunk: "edge", to: "+14155551111", hz: 700, talkMs: 1500, headers: own });
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(agentHz).heard).toBe(true);
    await agent.ended(3000);
  });
  apart(seen, pbxAt, agentAt);
}, 30_000);

test("an inbound call that goes on to the next agent", async () => {
  shows("behaviour/27-hiding");
  const sipp = { answer: 503, headers: ["Server: inside-gateway/2", "X-Internal-Route: rack-nine"] };
  const broken = await startAgent(lab, { via: "sipp", at: `${brokenAt}:5080`, sipp });
  onTestFinished(() => broken.stop());
  const seen = await watch([pbxAt, agentAt, brokenAt], async () => {
    const call = await pbx.call({ trunk: "edge", to: "+14155552222", hz: 700, talkMs: 1000, headers: own });
    expect(call).toMatchObject({ answered: true });
    await agent.ended(3000);
  });
  expect(broken.invites()).toHaveLength(1);
  apart(seen, pbxAt, agentAt);
  apart(seen, pbxAt, brokenAt);
  // Nor do agents need to know of each other.
  apart(seen, agentAt, brokenAt);
}, 30_000);

test("an outbound call, plain", async () => {
  shows("behaviour/27-hiding");
  const marcus = await telephone("marcus", secondAt, "marcus-inside");
  onTestFinished(() => marcus.stop());
  const seen = await watch([openAt, secondAt], async () => {
    expect(await marcus.dial(`sip:+14156660001@${agentsSide.address}:5080`)).toMatchObject({
      answered: true,
    });
    await sleep(1200);
    expect(marcus.heard(providerHz).heard).toBe(true);
    marcus.hangUp();
    await marcus.ended(3000);
  });
  apart(seen, openAt, secondAt);
}, 30_000);

test("an outbound call that is challenged: credentials stay on the provider's side", async () => {
  shows("behaviour/27-hiding");
  const seen = await watch([strictAt, agentAt], async () => {
    expect(await agent.dial(`sip:+14155550002@${agentsSide.address}:5080`)).toMatchObject({ answered: true });
    await sleep(1200);
    expect(agent.heard(providerHz).heard).toBe(true);
    agent.hangUp();
    await agent.ended(3000);
  });
  const answered = (seen.get(strictAt) ?? []).filter((m) => /^(?:Proxy-)?Authorization:/m.test(m.text));
  expect(answered.length).toBeGreaterThan(0);
  apart(seen, strictAt, agentAt, [password]);
  // What the edge answers the challenge with is the edge's own: it is nobody's but the provider's.
  expect(leaks(seen.get(agentAt) ?? [], ["strict.example.com", ...credentialsOf(answered)])).toEqual([]);
}, 30_000);

test("a call over a registration", async () => {
  shows("behaviour/27-hiding");
  await expect.poll(() => strict.contacts(account), { timeout: 15_000 }).toHaveLength(1);
  const seen = await watch([strictAt, agentAt], async () => {
    const call = await strict.call({ trunk: account, to: "1", asRegistered: true, hz: 700, talkMs: 1500 });
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(agentHz).heard).toBe(true);
    await agent.ended(3000);
  });
  apart(seen, strictAt, agentAt, [password]);
}, 30_000);

test("an inbound call that is forwarded to a number: neither carrier learns of the other", async () => {
  shows("behaviour/27-hiding");
  const seen = await watch([pbxAt, strictAt, agentAt], async () => {
    const call = await pbx.call({ trunk: "edge", to: "+14155553333", hz: 700, talkMs: 1500, headers: own });
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(providerHz).heard).toBe(true);
  });
  apart(seen, pbxAt, strictAt);
  const answered = (seen.get(strictAt) ?? []).filter((m) => /^(?:Proxy-)?Authorization:/m.test(m.text));
  expect(leaks(seen.get(pbxAt) ?? [], [password, ...credentialsOf(answered)])).toEqual([]);
  expect((seen.get(agentAt) ?? []).filter((m) => m.startLine.startsWith("INVITE "))).toEqual([]);
}, 30_000);
