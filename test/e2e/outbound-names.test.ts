/** A carrier by host name: DNS says by NAPTR and SRV which hosts it has, and in what order (RFC 3263). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts, refuses, silent } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { statusOf, unique } from "./kit/message.ts";
import { addressData, type Names, nameServer, naptrData, srvData, types } from "./kit/names.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const hosts = {
  "first.example": "203.0.113.61",
  "second.example": "203.0.113.62",
  "plain.example": "203.0.113.63",
} as const;

/** Data of records by "type name". */
const zone: Readonly<Record<string, readonly Buffer[]>> = {
  [`${types.SRV} _sip._udp.provider.example`]: [
    srvData(1, 5071, "first.example"),
    srvData(2, 5072, "second.example"),
  ],
  [`${types.SRV} _sip._tcp.provider.example`]: [srvData(1, 5073, "first.example")],
  [`${types.NAPTR} moved.example`]: [
    naptrData("SIP+D2T", "_sip._tcp.pop.example"),
    naptrData("SIP+D2U", "_sip._udp.pop.example"),
  ],
  [`${types.SRV} _sip._udp.pop.example`]: [srvData(1, 5072, "second.example")],
  ...Object.fromEntries(Object.entries(hosts).map(([name, at]) => [`${types.A} ${name}`, [addressData(at)]])),
};

let lab: Lab;
let edge: Edge;
let names: Names;
let first: Server;
let second: Server;
let plain: Server;
let agent: Server;
beforeAll(async () => {
  const addresses = [edgeAt.address, agentsSide.address, "10.0.4.10", ...Object.values(hosts)];
  lab = await openLab({ addresses });
  names = await nameServer(lab, (type, name) => zone[`${type} ${name}`] ?? []);
  const trunk = (crew_id: string, uri: string, prefix: string) => ({
    crew_id,
    country: "US",
    agents: { sarah: { uri: "sip:10.0.4.10:5080" } },
    sip: { outbound: { uri, allowed_destinations: [prefix], caller_id: "+14155551234" } },
  });
  edge = await startEdge(lab, {
    network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
    trunks: [
      trunk("provider", "sip:provider.example", "+1"),
      trunk("moved", "sip:moved.example", "+44"),
      trunk("plain", "sip:plain.example", "+49"),
    ],
    outbound_routes: [
      { match: { to_prefix: "+44" }, via: "moved" },
      { match: { to_prefix: "+49" }, via: "plain" },
      { match: { to_prefix: "+1" }, via: "provider" },
    ],
  });
  first = await sipServer(lab, hosts["first.example"], 5071, accepts());
  second = await sipServer(lab, hosts["second.example"], 5072, accepts());
  plain = await sipServer(lab, hosts["plain.example"], 5060, accepts());
  agent = await sipServer(lab, "10.0.4.10", 5080, accepts());
}, 300_000);
afterAll(async () => {
  for (const party of [first, second, plain, agent]) await party?.close();
  await edge?.stop();
  await lab?.close();
});

/** Calls a number, hangs up, and gives how many INVITEs each host got. */
async function call(number: string): Promise<{ readonly first: number; readonly second: number }> {
  const before = { first: first.requests("INVITE").length, second: second.requests("INVITE").length };
  const invite = agent.make({ uri: `sip:${number}@${agentsSide.address}:5080`, callId: unique("names") });
  const answer = await agent.ask(invite, 12_000, agentsSide);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await agent.send(within(agent, dialog, "ACK"), agentsSide);
  expect(statusOf(await agent.ask(within(agent, dialog, "BYE"), 3000, agentsSide))).toBe(200);
  return {
    first: first.requests("INVITE").length - before.first,
    second: second.requests("INVITE").length - before.second,
  };
}

test("the host with the lowest priority is called, the next one where it cannot or is silent", async () => {
  expect(await call("+14155550177")).toEqual({ first: 1, second: 0 });
  first.answerWith(refuses("503 Service Unavailable"), accepts());
  expect(await call("+14155550177")).toEqual({ first: 1, second: 1 });
  first.answerWith(silent);
  expect(await call("+14155550177")).toEqual({ first: 1, second: 1 });
  first.answerWith(accepts());
}, 60_000);

test("NAPTR says where the hosts over UDP are named", async () => {
  expect(await call("+442071838750")).toEqual({ first: 0, second: 1 });
  expect([...names.asked]).toContain(`${types.NAPTR} moved.example`);
  expect([...names.asked].filter((key) => key.includes("_tcp"))).toEqual([]);
}, 30_000);

test("a name with an address alone is called there", async () => {
  expect(await call("+493012345678")).toEqual({ first: 0, second: 0 });
  expect(plain.requests("INVITE")).toHaveLength(1);
}, 30_000);
