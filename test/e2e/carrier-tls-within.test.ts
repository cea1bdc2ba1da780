/** Requests within calls of carriers over TLS: over the carrier's own connection, or to who proves to be the carrier. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { type Authority, authority, type Certificate } from "../lab/certificates.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { startAgent } from "../lab/peers.ts";
import { agentsSide, edgeAt, number, toAgent } from "./call-world.ts";
import { type Agent, agentSink } from "./kit/agent.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogAsCallee, dialogOf, within } from "./kit/call.ts";
import { methodOf, statusOf, unique } from "./kit/message.ts";
import { everyName, nameServer } from "./kit/names.ts";
import { sipServer } from "./kit/server.ts";

const agentAt = "10.0.4.10";
const carrierAt = "203.0.113.10";
const namedAt = "203.0.113.50";
const plainAt = "203.0.113.60";
const name = "sip.carrier.example";
const keys = { topology: "1".repeat(32), route: "2".repeat(32), nonce: "3".repeat(32) };

let lab: Lab;
let ca: Authority;
let own: Certificate;
let agent: Agent;
const edges: Edge[] = [];

/** One generation after another; of two, the newer one is alone. */
async function start(): Promise<Edge> {
  await edges.at(-1)?.kamailio.stop();
  const n = edges.length + 1;
  const agents = { agent_sarah: { uri: `sip:${agentAt}:5080` } };
  const edge = await startEdge(
    lab,
    {
      network: {
        public_ip: edgeAt.address,
        agents: { address: agentsSide.address },
        rtp: [30000, 30999],
        tls: { certificate: own.certificate, private_key: own.key, ca: ca.ca },
      },
      trunks: [
        {
          crew_id: "pbx",
          agents,
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [carrierAt] },
            inbound_routes: [
              toAgent(1, "agent_sarah"),
              { match: { to_uri: number(2) }, forward: { number: "+14155550177", via: "plain" } },
            ],
          },
        },
        {
          crew_id: "plain",
          country: "US",
          sip: { outbound: { uri: `sip:${plainAt}:5060`, allowed_destinations: ["+1"] } },
        },
        {
          crew_id: "named",
          country: "US",
          agents,
          sip: { outbound: { uri: `sip:${name};transport=tls`, allowed_destinations: ["+1"] } },
        },
      ],
    },
    { name: `generation-${n}`, generation: n, keys, relay: n === 1 },
  );
  edges.push(edge);
  return edge;
}

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, agentAt, plainAt] });
  await nameServer(lab, everyName(namedAt));
  ca = await authority(lab);
  own = await ca.issue([edgeAt.address, agentsSide.address]);
  agent = await agentSink(lab, agentAt, 5080, agentsSide);
}, 120_000);
afterAll(async () => {
  await agent?.close();
  await lab?.close();
});

async function pbx(names: readonly string[]): Promise<Phone> {
  const id = unique("pbx");
  const made = await phone({
    launcher: await lab.host(carrierAt),
    tools: lab.tools,
    dir: join(lab.dir, id),
    name: id,
    address: carrierAt,
    port: 5300,
    tls: { certificateAndKey: (await ca.issue(names)).both, ca: ca.ca },
  });
  onTestFinished(() => made.stop());
  return made;
}
async function callIn(by: Phone): Promise<string> {
  agent.forget();
  expect(await by.dial(`sip:${number(1)}@${edgeAt.address}:5061;transport=tls`)).toMatchObject({
    answered: true,
  });
  const invite = agent.requests("INVITE")[0] ?? "";
  await agent.request("ACK", headerValues(invite, "Call-ID")[0] ?? "");
  return invite;
}
const byeOf = (invite: string): string =>
  within(agent, dialogAsCallee(invite, agent.tag), "BYE", {
    instead: { From: [`From: ${headerValues(invite, "To")[0]};tag=${agent.tag}`] },
    cseq: 1,
  });
/** What of a kind came to a phone: its trace of TLS does not tell directions. */
const came = (to: Phone, method: string): number => messagesOf(to.messages(), method).length;

describe("a carrier that called over TLS", () => {
  test("gets the BYE over its own connection, whatever its certificate is for", async () => {
    await start();
    const by = await pbx(["other.example.com"]);
    const invite = await callIn(by);
    expect(statusOf(await agent.ask(byeOf(invite)))).toBe(200);
    await by.ended(2000);
    expect([came(by, "BYE"), came(by, "OPTIONS")]).toEqual([1, 0]);
  }, 30_000);

  test("and whose connection is gone is asked who it is, and gets the BYE then", async () => {
    const by = await pbx([carrierAt]);
    const invite = await callIn(by);
    await start();
    expect(statusOf(await agent.ask(byeOf(invite)))).toBe(200);
    await by.ended(2000);
    expect([came(by, "BYE"), came(by, "OPTIONS")]).toEqual([1, 1]);
  }, 30_000);

  test("and is somebody else by then gets nothing of the call", async () => {
    const by = await pbx(["other.example.com"]);
    const invite = await callIn(by);
    const edge = await start();
    expect(statusOf(await agent.ask(byeOf(invite)))).toBe(503);
    expect([came(by, "BYE"), came(by, "OPTIONS")]).toEqual([0, 1]);
    expect(edge.records("certificate")).toMatchObject([{ trunk: "pbx", reason: "name", source: carrierAt }]);
  }, 30_000);
});

test("the caller of a forwarded call gets the BYE over its own connection, or after it proved who it is", async () => {
  await start();
  const plain = await sipServer(lab, plainAt, 5060, accepts());
  onTestFinished(() => plain.close());
  const by = await pbx([carrierAt]);
  for (const again of [false, true]) {
    const before = [came(by, "BYE"), came(by, "OPTIONS")];
    const to = `sip:${number(2)}@${edgeAt.address}:5061;transport=tls`;
    expect(await by.dial(to)).toMatchObject({ answered: true });
    await plain.request("ACK", again ? 1 : 0);
    if (again) await start();
    const bye = plain.within(plain.requests("INVITE").at(-1) ?? "", "BYE");
    expect(statusOf(await plain.ask(bye, 4000, edgeAt))).toBe(200);
    await by.ended(2000);
    const now = [came(by, "BYE"), came(by, "OPTIONS")].map((n, i) => n - (before[i] ?? 0));
    expect(now).toEqual([1, again ? 1 : 0]);
  }
}, 40_000);

describe("a carrier by its host name", () => {
  const dial = () => ({ uri: `sip:+14155550123@${agentsSide.address}:5080`, callId: unique("out") });

  test("is told which of its names is asked", async () => {
    const certificate = await ca.issue([name]);
    const words = ["s_server", "-accept", `${namedAt}:5061`, "-servername", name];
    const files = ["-cert", certificate.certificate, "-key", certificate.key];
    const more = ["-cert2", certificate.certificate, "-key2", certificate.key];
    const at = await lab.host(namedAt);
    const server = await at.spawn("s_server", lab.tools.command("openssl", [...words, ...files, ...more]));
    onTestFinished(() => server.stop());
    await server.waitFor(/ACCEPT/, 5000);
    await start();
    await server.waitFor(/Hostname in TLS extension: "sip\.carrier\.example"/, 10_000);
    await server.waitFor(/^OPTIONS sip:sip\.carrier\.example;transport=tls/, 5000);
  }, 30_000);

  test("is proved by that name, called where it answered, and known by it within the call", async () => {
    await start();
    const certificate = await ca.issue(["*.carrier.example"]);
    const carrier = await startAgent(lab, {
      via: "sipp",
      at: `${namedAt}:5061`,
      transport: "tls",
      certificate,
    });
    onTestFinished(() => carrier.stop());
    const invite = agent.make(dial());
    const answer = await agent.ask(invite, 12_000);
    expect(statusOf(answer)).toBe(200);
    const dialog = dialogOf(invite, answer);
    await agent.send(within(agent, dialog, "ACK"));
    const received = () =>
      carrier.messages().filter((m) => m.direction === "received" && methodOf(m.text) !== "OPTIONS");
    await expect.poll(() => received().map((m) => methodOf(m.text)), soon).toEqual(["INVITE", "ACK"]);
    expect(received()[0]?.text).toMatch(/^INVITE sip:\+14155550123@sip\.carrier\.example;transport=tls /);
    await start();
    // SIPp answers on the call's own connection alone, which is gone.
    await agent.send(within(agent, dialog, "BYE"));
    await expect.poll(() => received().map((m) => methodOf(m.text)), soon).toEqual(["INVITE", "ACK", "BYE"]);
  }, 40_000);
});
