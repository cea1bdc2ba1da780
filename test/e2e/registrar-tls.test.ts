/** A PBX behind NAT that registers over TLS: calls reach it over its own connection, with SRTP, and over no other. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { type Asterisk, startAsterisk } from "../lab/asterisk.ts";
import { authority } from "../lab/certificates.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { hostBehindNat } from "../lab/nat.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { ha1Of } from "./kit/digest.ts";

const edgeAt = "198.51.100.7";
const agentsSide = "10.0.4.1";
const agentAt = "10.0.4.10";
const inside = "192.168.1.77";
const password = "s3cret";
const agentHz = 1100;
const pbxHz = 700;

let lab: Lab;
let edge: Edge;
let agent: Phone;
let pbx: Asterisk;

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt, agentsSide] });
  const ca = await authority(lab);
  const own = await ca.issue([edgeAt]);
  const realm = "edge.example";
  edge = await startEdge(
    lab,
    {
      network: {
        public_ip: edgeAt,
        agents: { address: agentsSide },
        rtp: [30000, 30999],
        tls: { certificate: own.certificate, private_key: own.key },
      },
      trunks: [
        {
          crew_id: "office",
          agents: { agent_sarah: { uri: `sip:${agentAt}:5080` } },
          sip: {
            auth: { type: "digest", username: "office", password: { secret: "P" }, realm },
            media_encryption: "required",
            inbound_routes: [{ match: { to_user: "sarah" }, agent_id: "agent_sarah" }],
          },
        },
      ],
    },
    {
      digests: [{ trunk: "office", username: "office", realm, ha1: ha1Of("office", realm, password) }],
    },
  );
  const theirs = await ca.issue([inside]);
  pbx = await startAsterisk(
    lab,
    "office",
    {
      address: inside,
      agent: { hz: pbxHz },
      tls: { certificate: theirs.certificate, key: theirs.key, ca: ca.ca },
      trunks: {
        edge: {
          address: edgeAt,
          port: 5061,
          transport: "tls",
          register: true,
          mediaEncryption: "sdes",
          auth: { username: "office", password },
        },
      },
    },
    await hostBehindNat(lab, { inside, outside: "203.0.113.77" }),
  );
  agent = await phone({
    launcher: await lab.host(agentAt),
    tools: lab.tools,
    dir: join(lab.dir, "agent"),
    name: "agent",
    address: agentAt,
    port: 5080,
    user: "agent_sarah",
    domain: agentsSide,
    playHz: agentHz,
  });
}, 300_000);
afterAll(async () => {
  await agent?.stop();
  await pbx?.stop();
  await edge?.stop();
  await lab?.close();
});

const isRegistered = async (): Promise<void> =>
  void (await expect
    .poll(() => edge.records("contact"), { timeout: 15_000, interval: 200 })
    .toMatchObject([{ trunk: "office", state: "registered", source: "203.0.113.77" }]));

describe("a PBX over TLS", () => {
  test("is called over its connection, with SRTP: heard both ways", async () => {
    await isRegistered();
    const opened = await connections();
    expect(await agent.dial(`sip:200@${agentsSide}:5080`)).toMatchObject({ answered: true });
    const arrival = await pbx.incoming(2000);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    agent.hangUp();
    await agent.ended(3000);
    expect(arrival).toMatchObject({ to: "200" });
    expect(agent.heard(pbxHz, 600).heard).toBe(true);
    await expect.poll(() => arrival.heard(agentHz, 600).heard, soon).toBe(true);
    const invite = messagesOf(pbx.messages(), "INVITE").find((m) => m.direction === "received")?.text ?? "";
    expect(invite).toContain("RTP/SAVP");
    expect(headerValues(invite, "Via")[0]).toContain("SIP/2.0/TLS");
    expect(await connections()).toBe(opened);
  }, 40_000);

  test("calls an agent: heard both ways", async () => {
    await isRegistered();
    const call = await pbx.call({ trunk: "edge", to: "sarah", hz: pbxHz, talkMs: 1500 });
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(agentHz, 600).heard, soon).toBe(true);
    await agent.ended(3000);
    expect(agent.heard(pbxHz, 600).heard).toBe(true);
  }, 40_000);

  test("that is gone is not looked for elsewhere", async () => {
    await isRegistered();
    await pbx.stop();
    const call = await agent.dial(`sip:200@${agentsSide}:5080`);
    expect(call.answered).toBe(false);
    expect(call.code).toBeGreaterThanOrEqual(480);
  }, 40_000);
});

/** How many connections Kamailio has. */
async function connections(): Promise<string> {
  const socket = `unix:${edge.folder}/private/ctl.sock`;
  const asked = await lab.exec(edge.runtime.command("kamcmd", ["-s", socket, "core.tcp_info"]));
  return /opened_connections: (\d+)/.exec(asked.output)?.[1] ?? asked.output;
}
