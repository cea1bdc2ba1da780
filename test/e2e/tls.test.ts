/** TLS on either side of the edge: who is let in, and who gets no INVITE. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import type { Running } from "../../src/phone/process.ts";
import { shows } from "../acceptance/shows.ts";
import { authority, type Certificate } from "../lab/certificates.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { type AgentOptions, type CallerOptions, startAgent, startCaller } from "../lab/peers.ts";
import { agentsSide, draft, edgeAt, number, relaySessions, saw, sleep, toAgent } from "./call-world.ts";
import { everyName, nameServer } from "./kit/names.ts";

const hosts = {
  sarah: "10.0.4.10",
  other_name: "10.0.4.11",
  other_ca: "10.0.4.12",
  expired: "10.0.4.13",
  plain: "10.0.4.14",
  named: "10.0.4.15",
} as const;
type Name = keyof typeof hosts;
const names = Object.keys(hosts) as readonly Name[];
const numberOf = (name: Name): number => names.indexOf(name) + 1;
const trunkName = "pbx.example.com";

const uriOf = (name: string, host: string): string =>
  name === "plain"
    ? `sip:${host}:5080`
    : `sip:${name === "named" ? "agent.example.com" : host}:5081;transport=tls`;

let lab: Lab;
let edge: Edge;
/** A server that has the certificate of `named` only for those who ask for its name. */
let severalNames: Running;
let files: { readonly certificate: string; readonly private_key: string; readonly ca: string };
const shown = new Map<string, Certificate>();
beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address] });
  await nameServer(lab, everyName(hosts.named));
  const ours = await authority(lab);
  const theirs = await authority(lab);
  const names = [edgeAt.address, agentsSide.address, "sip.example.com"];
  const own = await ours.issue(names);
  shown.set("renewed", await ours.issue([...names, "renewed.example.com"]));
  shown.set("sarah", await ours.issue([hosts.sarah]));
  shown.set("named", await ours.issue(["*.example.net", "agent.example.com"]));
  shown.set("other_name", await ours.issue(["other.example.com", hosts.plain]));
  shown.set("other_ca", await theirs.issue([hosts.other_ca]));
  shown.set("expired", await ours.issue([hosts.expired], { days: 0 }));
  shown.set("carrier", await ours.issue(["203.0.113.10"]));
  shown.set("pbx", await ours.issue(["a.example.com", "PBX.example.com"]));
  shown.set("stranger", await ours.issue(["stranger.example.com"]));
  shown.set("forger", await theirs.issue([trunkName]));
  files = { certificate: join(lab.dir, "edge.pem"), private_key: join(lab.dir, "edge.key"), ca: ours.ca };
  copyFileSync(own.certificate, files.certificate);
  copyFileSync(own.key, files.private_key);
  const agents = Object.fromEntries(
    names.length === 0 ? [] : Object.entries(hosts).map(([name, host]) => [name, { uri: uriOf(name, host) }]),
  );
  const routes = Object.keys(hosts).map((name, i) => toAgent(i + 1, name));
  const base = draft(agents, routes) as { readonly network: object; readonly trunks: readonly object[] };
  const named = shown.get("named");
  const other = shown.get("other_name");
  const words = [
    ...["s_server", "-accept", `${hosts.named}:5081`, "-servername", "agent.example.com"],
    ...["-cert", other?.certificate ?? "", "-key", other?.key ?? ""],
    ...["-cert2", named?.certificate ?? "", "-key2", named?.key ?? ""],
  ];
  const at = await lab.host(hosts.named);
  severalNames = await at.spawn("s_server", lab.tools.command("openssl", words));
  await severalNames.waitFor(/ACCEPT/, 5000);
  edge = await startEdge(lab, {
    ...base,
    network: { ...base.network, tls: files },
    trunks: [
      ...base.trunks,
      {
        crew_id: "pbx",
        agents,
        sip: {
          auth: { type: "client_certificate", name: trunkName },
          codecs: [{ name: "PCMU" }],
          inbound_routes: routes,
        },
      },
    ],
  });
}, 120_000);
afterAll(() => lab.close());

async function agent(name: Name, o: Partial<AgentOptions> = {}) {
  const certificate = shown.get(name);
  const secure = certificate === undefined ? {} : ({ transport: "tls", certificate } as const);
  const at = `${hosts[name]}:${certificate === undefined ? 5080 : 5081}`;
  const made = await startAgent(lab, { via: "sipp", at, ...secure, edge: agentsSide.address, ...o });
  onTestFinished(() => made.stop());
  // Agents of the tests before are long gone, and the dispatcher may have noticed.
  const set = edge.model.agents.findIndex((a) => a.id === name) + 1;
  const words = ["dispatcher.set_state", "ap", `${set}`, uriOf(name, hosts[name])];
  const told = await lab.exec(edge.runtime.command("kamcmd", ["-s", control(), ...words]));
  if (told.code !== 0) throw new Error(told.output);
  return made;
}

const control = (): string => `unix:${join(edge.folder, "private/ctl.sock")}`;

let callers = 0;
async function caller(name: Name, who: string | undefined, o: Partial<CallerOptions> = {}) {
  const certificate = who === undefined ? undefined : shown.get(who);
  const secure = certificate === undefined ? {} : { certificate };
  const port = who === undefined ? "5060" : "5061;transport=tls";
  const from = `${who === undefined || who === "carrier" ? "203.0.113.10" : "192.0.2.10"}:${5062 + 4 * callers++}`;
  const made = await startCaller(lab, {
    via: "sipp",
    from,
    to: `sip:${number(numberOf(name))}@${edgeAt.address}:${port}`,
    ...secure,
    ...o,
  });
  onTestFinished(() => made.stop());
  return made;
}

const good = { answered: true, code: 200, heardTone: true };

test("an agent by its host name is asked for by that name, without waiting for a call", async () => {
  await severalNames.waitFor(/Hostname in TLS extension: "agent\.example\.com"/, 10_000);
  await severalNames.waitFor(/^OPTIONS sip:agent\.example\.com:5081/, 5000);
  await severalNames.stop();
}, 20_000);

describe("over TLS", () => {
  test("a carrier by address reaches an agent over UDP", async () => {
    shows("document/tls");
    await agent("plain");
    const by = await caller("plain", "carrier");
    const result = await by.call({ talkMs: 500, expectHz: 700 });
    expect(result).toMatchObject(good);
    expect(result.messages.find((m) => m.text.startsWith("SIP/2.0 200"))?.text).toMatch(
      /Contact: <sip:198\.51\.100\.7:5061;transport=tls;m=/,
    );
    await expect.poll(() => relaySessions(lab), { timeout: 2000 }).toEqual([]);
  });

  test("an agent is reached from a carrier over UDP, asked first who it is", async () => {
    shows("document/tls", "behaviour/21-connections");
    const sarah = await agent("sarah");
    const by = await caller("sarah", undefined);
    expect(await by.call({ talkMs: 500, expectHz: 700 })).toMatchObject(good);
    expect(await by.call({ talkMs: 500, expectHz: 700 })).toMatchObject(good);
    const received = sarah
      .messages()
      .filter((m) => m.direction === "received")
      .map((m) => m.text.split(" ")[0]);
    expect(received.filter((m) => m !== "OPTIONS")).toEqual(["INVITE", "ACK", "BYE", "INVITE", "ACK", "BYE"]);
    expect(received[0]).toBe("OPTIONS");
    expect(sarah.invites()[0]?.text).toMatch(/^Contact: <sip:10\.0\.4\.1:5081;transport=tls>/m);
  });

  test("on both sides, with programs of others, and hung up by the agent", async () => {
    shows("document/transports", "document/tls");
    const tls = (name: string) => ({ tls: { certificateAndKey: shown.get(name)?.both ?? "", ca: files.ca } });
    const sarah = await agent("sarah", { via: "sipp", sipp: { byeAfterMs: 700 } });
    const by = await caller("sarah", "carrier", { via: "baresip", baresip: tls("carrier") });
    const result = await by.call({ talkMs: 2500, expectHz: 700 });
    expect(result).toMatchObject({ answered: true, heardTone: true });
    expect(saw(result.messages, "received", "BYE")).toBe(true);
    expect(saw(sarah.messages(), "sent", "BYE")).toBe(true);
  });
});

test("re-INVITEs of both sides cross, over TLS on both", async () => {
  const made = async (name: string, address: string, more: object) => {
    const certificate = shown.get(name);
    const p = await phone({
      launcher: await lab.host(address),
      tools: lab.tools,
      dir: join(lab.dir, `phone-${name}`),
      name: `phone-${name}`,
      address,
      tls: { certificateAndKey: certificate?.both ?? "", ca: files.ca },
      ...more,
    });
    onTestFinished(() => p.stop());
    return p;
  };
  const sarah = await made("sarah", hosts.sarah, { port: 5080, user: "agent", playHz: 1100 });
  const by = await made("carrier", "203.0.113.10", { port: 5300, playHz: 700 });
  const uri = `sip:${number(numberOf("sarah"))}@${edgeAt.address}:5061;transport=tls`;
  expect(await by.dial(uri)).toMatchObject({ answered: true });
  // What baresip traces of TLS does not tell directions: what is for a phone names its address, or its own requests' Via.
  const invites = (p: Phone, address: string) =>
    messagesOf(p.messages(), "INVITE").filter((m) => m.text.split(" ")[1]?.includes(`@${address}`));
  const answers = (p: Phone, address: string) =>
    messagesOf(p.messages(), 200).filter(
      (m) => /CSeq: \d+ INVITE/.test(m.text) && headerValues(m.text, "Via")[0]?.includes(address),
    );
  by.hold();
  // A phone prints a message bit by bit.
  await expect
    .poll(() => invites(sarah, hosts.sarah)[1]?.text ?? "", { timeout: 4000 })
    .toMatch(/^a=sendonly/m);
  await expect.poll(() => answers(by, "203.0.113.10").length, { timeout: 4000 }).toBe(2);
  by.resume();
  await expect.poll(() => answers(by, "203.0.113.10").length, { timeout: 4000 }).toBe(3);
  sarah.hold();
  await expect.poll(() => invites(by, "203.0.113.10").length, { timeout: 4000 }).toBe(1);
  expect(invites(by, "203.0.113.10")[0]?.text).toMatch(/^Via: SIP\/2\.0\/TLS 198\.51\.100\.7:5061/m);
  await expect.poll(() => answers(sarah, hosts.sarah).length, { timeout: 4000 }).toBe(1);
  sarah.hangUp();
  await by.ended(3000);
  await expect.poll(() => relaySessions(lab), { timeout: 2000 }).toEqual([]);
}, 40_000);

test("an agent by its host name is known by a name in its certificate, also where its Contact is an address", async () => {
  const named = await agent("named");
  const by = await caller("named", undefined);
  expect(await by.call({ talkMs: 500, expectHz: 700 })).toMatchObject(good);
  await expect.poll(() => saw(named.messages(), "received", "BYE"), { timeout: 2000 }).toBe(true);
  const asked = messagesOf(named.messages(), "OPTIONS").map((m) => m.text.split(" ")[1]);
  expect(asked).toContain("sip:agent.example.com:5081;transport=tls");
  expect(asked).toContain(`sip:${hosts.named}:5081;transport=tls`);
});

describe("no INVITE goes to an agent", () => {
  test.each(["other_name", "other_ca", "expired"] as const)(
    "whose certificate is wrong: %s",
    async (name) => {
      if (name === "expired") await sleep(1100);
      const wrong = await agent(name);
      const by = await caller(name, undefined);
      const result = await by.call({ waitMs: 12_000 });
      expect(result).toMatchObject({ answered: false, code: 480 });
      const texts = wrong
        .messages()
        .filter((m) => m.direction === "received")
        .map((m) => m.text);
      expect(texts.every((t) => t.startsWith("OPTIONS "))).toBe(true);
      expect(texts.join("\n")).not.toContain("+1415");
      expect(texts.length > 0).toBe(name === "other_name");
      if (name === "other_name")
        expect(edge.records("certificate")[0]).toMatchObject({
          reason: "name",
          peer: `${hosts[name]}:5081`,
          source: hosts[name],
        });
    },
    20_000,
  );
});

test("whoever takes the place of an agent that has shown its name gets no INVITE", async () => {
  const sarah = await agent("sarah");
  const by = await caller("sarah", undefined);
  expect(await by.call({ talkMs: 500, expectHz: 700 })).toMatchObject(good);
  await sarah.stop();
  const certificate = shown.get("other_name");
  const imposter = await agent("sarah", certificate === undefined ? {} : { certificate });
  for (let i = 0; i < 2; i++)
    expect(await by.call({ waitMs: 12_000 })).toMatchObject({ answered: false, code: 480 });
  const texts = imposter
    .messages()
    .filter((m) => m.direction === "received")
    .map((m) => m.text);
  expect(texts.length).toBeGreaterThan(0);
  expect(texts.every((t) => t.startsWith("OPTIONS "))).toBe(true);
  expect(texts.join("\n")).not.toContain("+1415");
}, 40_000);

describe("a trunk by certificate", () => {
  test("is known by a name in it, whatever its address", async () => {
    const plain = await agent("plain");
    const by = await caller("plain", "pbx");
    expect(await by.call({ talkMs: 500, expectHz: 700 })).toMatchObject(good);
    expect(headerValues(plain.invites()[0]?.text ?? "", "X-Crew-Trunk")).toEqual(["pbx"]);
  });

  test.each(["stranger", "forger"])("is not known by another certificate: %s", async (who) => {
    const plain = await agent("plain");
    const by = await caller("plain", who);
    const result = await by.call({ waitMs: 1500 });
    expect(result.answered).toBe(false);
    expect(messagesOf(result.messages, "SIP/2.0")).toEqual([]);
    expect(result.messages.filter((m) => m.direction === "received")).toEqual([]);
    expect(plain.invites()).toEqual([]);
  });
});

test("a certificate that was replaced is shown without a restart, and calls go on", async () => {
  const show = async (): Promise<string> => {
    const command = lab.tools.command("openssl", [
      "s_client",
      "-connect",
      `${edgeAt.address}:5061`,
      "-showcerts",
    ]);
    const { output } = await lab.exec([
      "sh",
      "-c",
      `exec "$@" </dev/null | sed -n '/BEGIN/,/END/p' >${lab.dir}/shown.pem`,
      "sh",
      command.file,
      ...command.args,
    ]);
    const text = lab.tools.command("openssl", [
      "x509",
      "-in",
      `${lab.dir}/shown.pem`,
      "-noout",
      "-ext",
      "subjectAltName",
    ]);
    return `${(await lab.exec(text)).output}${output}`;
  };
  expect(await show()).not.toContain("renewed.example.com");
  const renewed = shown.get("renewed");
  copyFileSync(renewed?.certificate ?? "", files.certificate);
  copyFileSync(renewed?.key ?? "", files.private_key);
  const told = await lab.exec(edge.runtime.command("kamcmd", ["-s", control(), "tls.reload"]));
  expect(told.code).toBe(0);
  await expect.poll(show, { timeout: 3000 }).toContain("renewed.example.com");
  await agent("plain");
  const by = await caller("plain", "carrier");
  expect(await by.call({ talkMs: 500, expectHz: 700 })).toMatchObject(good);
});
