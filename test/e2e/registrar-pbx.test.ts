/** PBXs behind real NAT that register at the edge: Asterisk 22 over UDP and TCP, and baresip; calls in both directions, with audio. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { targets } from "../../src/targets/registry.ts";
import { type Asterisk, startAsterisk } from "../lab/asterisk.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { hostBehindNat } from "../lab/nat.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { ha1Of } from "./kit/digest.ts";

const edgeAt = "198.51.100.7";
const agentsSide = "10.0.4.1";
const agentAt = "10.0.4.10";
const callerAt = "203.0.113.50";
const agentHz = 1100;
const callerHz = 1900;
const pbxHz = 700;
const deskHz = 1300;

/** The way in closes after so many seconds, and is used every two. */
const udpSeconds = 5;
const kept = targets.map((target) => ({
  ...target,
  build: (...[model]: Parameters<typeof target.build>) => {
    const built = target.build(model);
    const change = (text: string): string =>
      text.replace("name=contacts;interval=20", "name=contacts;interval=2");
    return { ...built, artifacts: built.artifacts.map((a) => ({ ...a, text: change(a.text) })) };
  },
}));

const accounts = { office: "s3:cret", warehouse: "other", desk: "third" } as const;
type Name = keyof typeof accounts;
const names = Object.keys(accounts) as Name[];

let lab: Lab;
let edge: Edge;
let agent: Phone;
let caller: Phone;
let office: Asterisk;
let warehouse: Asterisk;
let desk: Phone;

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt, agentsSide] });
  const agents = { agent_sarah: { uri: `sip:${agentAt}:5080` } };
  const realm = "edge.example";
  edge = await startEdge(
    lab,
    {
      network: { public_ip: edgeAt, agents: { address: agentsSide }, rtp: [30000, 30999] },
      trunks: [
        ...names.map((crew_id) => ({
          crew_id,
          agents,
          sip: {
            auth: { type: "digest", username: crew_id, password: { secret: "P" }, realm },
            inbound_routes: [{ match: { to_user: "sarah" }, agent_id: "agent_sarah" }],
          },
        })),
        {
          crew_id: "outside",
          agents,
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [callerAt] },
            inbound_routes: names.map((via) => ({
              match: { to_user: via },
              // A telephone knows itself by its own name alone.
              forward: { extension: via === "desk" ? "desk" : "200", via },
            })),
          },
        },
      ],
    },
    {
      targets: kept,
      digests: names.map((trunk) => ({
        trunk,
        username: trunk,
        realm,
        ha1: ha1Of(trunk, realm, accounts[trunk]),
      })),
    },
  );
  const asterisk = async (name: Name, n: number, transport: "udp" | "tcp"): Promise<Asterisk> =>
    startAsterisk(
      lab,
      name,
      {
        address: `192.168.1.${n}`,
        agent: { hz: pbxHz },
        trunks: {
          edge: {
            address: edgeAt,
            transport,
            register: true,
            auth: { username: name, password: accounts[name] },
          },
        },
      },
      await hostBehindNat(lab, { inside: `192.168.1.${n}`, outside: `203.0.113.${n}`, udpSeconds }),
    );
  office = await asterisk("office", 77, "udp");
  warehouse = await asterisk("warehouse", 78, "tcp");
  const baresip = { tools: lab.tools, rtpPorts: [20000, 20998] as const };
  desk = await phone({
    ...baresip,
    launcher: await hostBehindNat(lab, { inside: "192.168.1.79", outside: "203.0.113.79", udpSeconds }),
    dir: join(lab.dir, "desk"),
    name: "desk",
    address: "192.168.1.79",
    user: "desk",
    domain: edgeAt,
    auth: { username: "desk", password: accounts.desk },
    register: 120,
    playHz: deskHz,
  });
  agent = await phone({
    ...baresip,
    launcher: await lab.host(agentAt),
    dir: join(lab.dir, "agent"),
    name: "agent",
    address: agentAt,
    port: 5080,
    user: "agent_sarah",
    domain: agentsSide,
    playHz: agentHz,
  });
  caller = await phone({
    ...baresip,
    launcher: await lab.host(callerAt),
    dir: join(lab.dir, "caller"),
    name: "caller",
    address: callerAt,
    playHz: callerHz,
  });
}, 300_000);
afterAll(async () => {
  for (const one of [agent, caller, desk, office, warehouse]) await one?.stop();
  await edge?.stop();
  await lab?.close();
});

const patience = { timeout: 15_000, interval: 200 } as const;
const talk = () => new Promise((resolve) => setTimeout(resolve, 1500));
const isRegistered = (trunk: Name): boolean =>
  edge.records("contact").some((r) => r.trunk === trunk && r.state === "registered");

describe.each([
  ["office", "Asterisk 22 over UDP", pbxHz],
  ["warehouse", "Asterisk 22 over TCP", pbxHz],
  ["desk", "baresip", deskHz],
] as const)("%s, %s", (name, _, hz) => {
  test("registers from behind NAT", async () => {
    await expect.poll(() => isRegistered(name), patience).toBe(true);
    if (name === "office") await expect.poll(() => office.registered("edge"), patience).toBe(true);
    if (name === "warehouse") await expect.poll(() => warehouse.registered("edge"), patience).toBe(true);
    const [record] = edge.records("contact").filter((r) => r.trunk === name);
    expect(record?.source).toMatch(/^203\.0\.113\.7[789]$/);
    expect(decodeURIComponent(String(record?.contact))).toContain("@192.168.1.7");
  }, 30_000);

  test("gets a call from outside at its extension, long after its last packet: heard both ways", async () => {
    await expect.poll(() => isRegistered(name), patience).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1000 * (udpSeconds + 3)));
    const call = await caller.dial(`sip:${name}@${edgeAt}`);
    expect(call).toMatchObject({ answered: true });
    await talk();
    caller.hangUp();
    await caller.ended(3000);
    expect(caller.heard(hz, 600).heard).toBe(true);
    if (name === "desk") {
      // Its own end of the call is no news to the next one.
      await desk.incoming(1000);
      await desk.ended(3000);
      expect(desk.heard(callerHz, 600).heard).toBe(true);
      const invite = messagesOf(desk.messages(), "INVITE")[0]?.text ?? "";
      expect(invite).toMatch(/^INVITE sip:desk[^@]*@192\.168\.1\.79/);
    } else {
      const arrival = await (name === "office" ? office : warehouse).incoming(1000);
      expect(arrival).toMatchObject({ to: "200", trunk: "edge" });
      await expect.poll(() => arrival.heard(callerHz, 600).heard, soon).toBe(true);
    }
  }, 40_000);

  test("calls an agent: heard both ways", async () => {
    const before = messagesOf(agent.messages(), "INVITE").length;
    if (name === "desk") {
      const call = await desk.dial(`sip:sarah@${edgeAt}`);
      expect(call).toMatchObject({ answered: true });
      await talk();
      desk.hangUp();
      await agent.ended(3000);
      expect(desk.heard(agentHz, 600).heard).toBe(true);
    } else {
      const pbx = name === "office" ? office : warehouse;
      const call = await pbx.call({ trunk: "edge", to: "sarah", hz, talkMs: 1500 });
      expect(call).toMatchObject({ answered: true });
      await expect.poll(() => call.heard(agentHz, 600).heard, soon).toBe(true);
      await agent.ended(3000);
    }
    expect(agent.heard(hz, 600).heard).toBe(true);
    const invite = messagesOf(agent.messages(), "INVITE")[before]?.text ?? "";
    expect(headerValues(invite, "X-Crew-Trunk")).toEqual([name]);
  }, 40_000);
});
