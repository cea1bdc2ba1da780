/** Calls from agents to carriers over TLS: nothing of a call goes to who is not the carrier, and the call goes on elsewhere. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { sippAgent } from "../../src/phone/sipp.ts";
import { type Authority, authority, type Certificate } from "../lab/certificates.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { startAgent, type TestAgent } from "../lab/peers.ts";
import { agentsSide, edgeAt } from "./call-world.ts";
import { type Dialog, dialogOf, hangUp, within } from "./kit/call.ts";
import { methodOf, sdp, statusOf, unique } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { challengesAll } from "./kit/sipp-provider.ts";

const agentAt = "10.0.4.10";
/** Carriers; what their certificates are for is another matter. */
const carriers = {
  good: "203.0.113.50",
  other_name: "203.0.113.51",
  other_ca: "203.0.113.52",
  expired: "203.0.113.53",
  nobody: "203.0.113.54",
  nobody_yet: "203.0.113.55",
  asks: "203.0.113.56",
} as const;
type Carrier = keyof typeof carriers;
const names = Object.keys(carriers) as readonly Carrier[];

let lab: Lab;
let edge: Edge;
let ours: Authority;
let ca: Authority;
let agent: Party;
const servers = new Map<string, TestAgent>();
const shown = new Map<string, Certificate>();

const uriOf = (carrier: Carrier): string => `sip:${carriers[carrier]}:5061;transport=tls`;
const agents = { agent_sarah: { uri: `sip:${agentAt}:5080` } };
const trunk = (crew_id: string, uri: unknown, more: object = {}) => ({
  crew_id,
  country: "US",
  agents,
  sip: { outbound: { uri, caller_id: "+14155551234", allowed_destinations: ["+1"], ...more } },
});
/** A trunk whose INVITEs carry SDES keys. */
const encrypting = (crew_id: string, uri: unknown) => {
  const { sip, ...rest } = trunk(crew_id, uri);
  return { ...rest, sip: { ...sip, media_encryption: "required" } };
};

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, agentAt] });
  ours = await authority(lab);
  ca = ours;
  const theirs = await authority(lab);
  const own = await ours.issue([edgeAt.address, agentsSide.address]);
  shown.set("good", await ours.issue([carriers.good]));
  shown.set("other_name", await ours.issue(["other.example.com", carriers.good]));
  shown.set("other_ca", await theirs.issue([carriers.other_ca]));
  shown.set("expired", await ours.issue([carriers.expired], { days: 0 }));
  for (const [name, certificate] of shown)
    servers.set(
      name,
      await startAgent(lab, {
        via: "sipp",
        at: `${carriers[name as Carrier]}:5061`,
        transport: "tls",
        certificate,
      }),
    );
  edge = await startEdge(
    lab,
    {
      network: {
        public_ip: edgeAt.address,
        agents: { address: agentsSide.address },
        rtp: [30000, 30999],
        tls: { certificate: own.certificate, private_key: own.key, ca: ours.ca },
      },
      trunks: [
        ...names.map((name) =>
          trunk(
            name,
            uriOf(name),
            name === "asks" ? { auth: { username: "acme", password: { secret: "P" } } } : {},
          ),
        ),
        encrypting("secure_other_name", uriOf("other_name")),
        encrypting("secure", uriOf("good")),
        {
          ...trunk("registers", uriOf("other_name")),
          sip: {
            outbound: {
              uri: uriOf("other_name"),
              register: true,
              auth: { username: "registers", password: { secret: "P" } },
            },
          },
        },
        trunk("fallback", [
          { uri: uriOf("other_name"), priority: 1 },
          { uri: uriOf("other_ca"), priority: 2 },
          { uri: uriOf("good"), priority: 3 },
        ]),
      ],
    },
    { passwords: ["registers", "asks"].map((trunk) => ({ trunk, password: "secret" })) },
  );
  agent = await party(lab, agentAt, 5080, agentsSide);
}, 120_000);
afterAll(async () => {
  await edge?.stop();
  await lab?.close();
});

const received = (name: Carrier): readonly string[] =>
  (servers.get(name)?.messages() ?? []).filter((m) => m.direction === "received").map((m) => m.text);
const dial = (via: string) => ({
  uri: `sip:+14155550123@${agentsSide.address}:5080`,
  callId: unique("out"),
  from: "agent_sarah",
  headers: [`X-Crew-Trunk: ${via}`],
});
async function callOut(via: string): Promise<Dialog> {
  const invite = agent.make(dial(via));
  const answer = await agent.ask(invite, 12_000);
  if (statusOf(answer) !== 200) throw new Error(`INVITE was answered ${answer.split("\r\n")[0]}`);
  const dialog = dialogOf(invite, answer);
  await agent.send(within(agent, dialog, "ACK"));
  return dialog;
}
const ofCall = (name: Carrier, dialog: Dialog): readonly string[] =>
  received(name)
    .filter((t) => headerValues(t, "Call-ID")[0] === dialog.callId)
    .map(methodOf);

describe("a carrier whose certificate is for it", () => {
  test("is called, without waiting for the connection, and hears of all of the call over it", async () => {
    const dialog = await callOut("good");
    await expect.poll(() => ofCall("good", dialog), soon).toEqual(["INVITE", "ACK"]);
    expect(statusOf(await hangUp(agent, dialog))).toBe(200);
    await expect.poll(() => ofCall("good", dialog), soon).toEqual(["INVITE", "ACK", "BYE"]);
    const invite = received("good").find((t) => methodOf(t) === "INVITE") ?? "";
    expect(invite).toMatch(/^INVITE sip:\+14155550123@203\.0\.113\.50:5061;transport=tls /);
    expect(headerValues(invite, "Contact")).toEqual([`<sip:${edgeAt.address}:5061;transport=tls>`]);
    expect(invite).not.toMatch(/10\.0\.4\./);
    expect(methodOf(received("good")[0] ?? "")).toBe("OPTIONS");
    expect(received("good")[0]).not.toMatch(/1415|10\.0\.4\./);
  });
});

test("a carrier that challenges every request of a call gets our credentials over its connection", async () => {
  const { certificate, key } = await ca.issue([carriers.asks]);
  const carrier = await sippAgent(
    {
      launcher: await lab.host(carriers.asks),
      tools: lab.tools,
      dir: join(lab.dir, "asks"),
      name: "asks",
      address: carriers.asks,
      port: 5061,
      transport: "tls",
      tls: { certificate, key },
    },
    challengesAll({ password: "secret", realm: "provider.example", second: "INVITE" }),
  );
  onTestFinished(() => carrier.stop());
  const dialog = await callOut("asks");
  const again = await agent.ask(within(agent, dialog, "INVITE", { cseq: 2, body: sdp(agentAt) }));
  expect(statusOf(again)).toBe(200);
  await agent.send(within(agent, dialog, "ACK", { cseq: 2 }));
  expect(statusOf(await agent.ask(within(agent, dialog, "BYE", { cseq: 3 })))).toBe(200);
  // SIPp answers 403 to wrong credentials; what it got last it writes when it ends.
  const asked = carrier
    .messages()
    .filter((m) => m.direction === "received" && /^Authorization: /m.test(m.text));
  expect(asked.map((m) => methodOf(m.text)).slice(0, 2)).toEqual(["INVITE", "INVITE"]);
}, 30_000);

test("a call that is cancelled while its carrier is asked who it is ends at once", async () => {
  const options = dial("nobody_yet");
  const invite = agent.make(options);
  const answered = agent.ask(invite, 8000);
  await agent.peer.receive(
    2000,
    (d) => statusOf(d.text) === 100 && headerValues(d.text, "Call-ID")[0] === options.callId,
  );
  const cancel = agent.make({
    ...options,
    method: "CANCEL",
    instead: {
      Via: [`Via: ${headerValues(invite, "Via")[0]}`],
      From: [`From: ${headerValues(invite, "From")[0]}`],
    },
  });
  expect(statusOf(await agent.ask(cancel))).toBe(200);
  expect(statusOf(await answered)).toBe(487);
  expect(edge.records().filter((r) => r.call === options.callId)).toEqual([]);
}, 20_000);

describe("a carrier whose certificate is wrong", () => {
  test.each(["other_name", "other_ca", "expired", "nobody"] as const)(
    "%s: gets no number, and the agent an answer whose reason the log has",
    async (name) => {
      const options = dial(name);
      const answer = await agent.ask(agent.make(options), 12_000);
      expect(statusOf(answer)).toBe(503);
      expect(received(name).filter((t) => methodOf(t) !== "OPTIONS")).toEqual([]);
      expect(received(name).join("\n")).not.toMatch(/1415|a=crypto/);
      await expect
        .poll(() => edge.records("refused").filter((r) => r.trunk === name), soon)
        .toMatchObject([{ code: 503, reason: "carrier_tls", called: "+14155550123" }]);
      expect(edge.records("not_proved").filter((r) => r.trunk === name)).toMatchObject([
        { peer: `${carriers[name]}:5061`, call: options.callId },
      ]);
    },
    20_000,
  );

  test("gets no key either, where its calls would be encrypted", async () => {
    expect(statusOf(await agent.ask(agent.make(dial("secure_other_name")), 12_000))).toBe(503);
    expect(received("other_name").filter((t) => methodOf(t) !== "OPTIONS")).toEqual([]);
    expect(received("other_name").join("\n")).not.toMatch(/1415|a=crypto/);
  }, 20_000);

  test("is named in the log, with the trunk that it is of", () => {
    expect(edge.records("certificate")[0]).toMatchObject({
      trunk: "fallback,other_name,registers,secure_other_name",
      reason: "name",
      peer: `${carriers.other_name}:5061`,
      source: carriers.other_name,
    });
  });

  test("gets no REGISTER either", async () => {
    await expect
      .poll(() => edge.records("not_registered"), { timeout: 8000 })
      .toMatchObject([{ trunk: "registers", code: 503 }]);
    expect(edge.records("not_proved").filter((r) => r.trunk === "registers")).toMatchObject([
      { peer: `${carriers.other_name}:5061` },
    ]);
    expect(received("other_name").filter((t) => methodOf(t) !== "OPTIONS")).toEqual([]);
    expect(received("other_name").join("\n")).not.toContain("registers");
  }, 12_000);

  test("gives way to the next one", async () => {
    const dialog = await callOut("fallback");
    expect(statusOf(await hangUp(agent, dialog))).toBe(200);
    await expect.poll(() => ofCall("good", dialog), soon).toEqual(["INVITE", "ACK", "BYE"]);
    expect(edge.records("failover").filter((r) => r.trunk === "fallback")).toHaveLength(2);
    for (const name of ["other_name", "other_ca"] as const)
      expect(received(name).filter((t) => methodOf(t) !== "OPTIONS")).toEqual([]);
  }, 20_000);
});

test("whoever takes the place of a carrier that has shown its name gets nothing: an INVITE goes only where that was shown", async () => {
  const dialog = await callOut("good");
  expect(statusOf(await hangUp(agent, dialog))).toBe(200);
  await servers.get("good")?.stop();
  const imposter = await startAgent(lab, {
    via: "sipp",
    at: `${carriers.good}:5061`,
    transport: "tls",
    certificate: await ours.issue(["other.example.com"]),
  });
  onTestFinished(() => imposter.stop());
  const got = () => imposter.messages().filter((m) => m.direction === "received");
  for (const via of ["good", "secure", "good", "secure"])
    expect(statusOf(await agent.ask(agent.make(dial(via)), 12_000))).toBe(503);
  await expect.poll(() => got().length, soon).toBeGreaterThan(0);
  expect(got().filter((m) => methodOf(m.text) !== "OPTIONS")).toEqual([]);
  expect(
    got()
      .map((m) => m.text)
      .join("\n"),
  ).not.toMatch(/1415|a=crypto/);
}, 60_000);
