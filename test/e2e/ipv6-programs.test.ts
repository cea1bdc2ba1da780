/** Programs of others call over IPv6 and between the families: audio both ways. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { bracketed } from "../../src/core/host.ts";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { startCaller, type Via } from "../lab/peers.ts";
import { number } from "./call-world.ts";

const edge = { v4: "198.51.100.7", v6: "2001:db8:7::7" } as const;
const carriers = { v4: "203.0.113.10", v6: "2001:db8:c::10" } as const;
const inside = "fd00:4::1";
const agentAt = "fd00:4::10";

let lab: Lab;
let agent: Phone;
beforeAll(async () => {
  lab = await openLab({ addresses: [edge.v4, edge.v6, inside] });
  await startEdge(lab, {
    network: { public_ip: edge, agents: { address: inside }, rtp: [30000, 30999] },
    trunks: [
      {
        crew_id: "acme",
        agents: { sarah: { uri: `sip:[${agentAt}]:5080` } },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: Object.values(carriers) },
          codecs: [{ name: "PCMU" }, { name: "PCMA" }],
          inbound_routes: [{ match: { to_uri: number(0) }, agent_id: "sarah" }],
        },
      },
    ],
  });
  agent = await phone({
    launcher: await lab.host(agentAt),
    tools: lab.tools,
    dir: join(lab.dir, "sarah"),
    name: "sarah",
    address: agentAt,
    port: 5080,
    user: "sarah",
    playHz: 1100,
  });
}, 300_000);
afterAll(() => lab?.close());

test.each([
  ["sipp", "v6", "udp", 5060],
  ["sipp", "v6", "tcp", 5064],
  ["sipp", "v4", "udp", 5068],
  ["asterisk", "v6", "udp", 5072],
  ["asterisk", "v4", "udp", 5076],
  ["baresip", "v6", "udp", 5080],
] as const satisfies readonly (readonly [Via, "v4" | "v6", string, number])[])(
  "%s by IP%s over %s calls a baresip by IPv6",
  async (via, family, transport, port) => {
    const to = `sip:${number(0)}@${bracketed(edge[family])}:5060${transport === "tcp" ? ";transport=tcp" : ""}`;
    const from = `${bracketed(carriers[family])}:${port}`;
    const caller = await startCaller(lab, { via, from, to });
    onTestFinished(() => caller.stop());
    const result = await caller.call({ talkMs: 1300, expectHz: 1100 });
    expect(result).toMatchObject({ answered: true, code: 200, heardTone: true });
    await agent.ended(3000);
    expect(agent.heard(700).heard).toBe(true);
  },
  30_000,
);
