/** Who may dial out: agents in a network of their own, and agents that prove themselves with a password (RFC 7616). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { sippCall } from "../../src/phone/sipp.ts";
import { caller } from "../../src/phone/sipp-caller.ts";
import { type Edge, type EdgeOptions, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { authorization, challengeOf, ha1Of } from "./kit/digest.ts";
import { methodOf, sdp, statusOf, unique } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { type Server, sipServer } from "./kit/server.ts";

const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const carrierAt = "203.0.113.50";
const inNetwork = "10.0.5.77";
/** Not private, so that nothing but the list says whose it is. */
const publicNetwork = "198.18.5.9";
const elsewhere = ["192.0.2.70", "192.0.2.71", "192.0.2.72", "192.0.2.73"] as const;
const keys = { topology: "1".repeat(32), route: "2".repeat(32), nonce: "3".repeat(32) };
const password = "s3cret-of-sarah";
const realm = "agents.example";
const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const uri = `sip:+14155550123@${agentsSide.address}:5080`;

let lab: Lab;
let edge: Edge;
let carrier: Server;
let generation = 1;

const start = (more: EdgeOptions = {}): Promise<Edge> =>
  startEdge(
    lab,
    {
      network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "acme",
          agents: {
            sarah: {
              uri: "sip:10.0.4.10:5080",
              auth: { type: "digest", username: "sarah", realm, password: { secret: "SARAH" } },
            },
            marcus: { uri: "sip:10.0.4.11:5080", allowed_ips: ["10.0.5.0/24", "198.18.5.0/24"] },
            nobody: { uri: "sip:10.0.4.12:5080" },
          },
          sip: { outbound: { uri: `sip:${carrierAt}:5060`, allowed_destinations: ["+1"] } },
        },
      ],
    },
    {
      keys,
      generation,
      name: `generation-${generation}`,
      digests: [{ agent: "sarah", username: "sarah", realm, ha1: ha1Of("sarah", realm, password) }],
      ...more,
    },
  );

beforeAll(async () => {
  lab = await openLab({
    addresses: [
      edgeAt.address,
      agentsSide.address,
      carrierAt,
      inNetwork,
      publicNetwork,
      "10.0.6.77",
      ...elsewhere,
    ],
  });
  edge = await start();
  carrier = await sipServer(lab, carrierAt, 5060, accepts());
});
afterAll(async () => {
  await carrier?.close();
  await edge?.stop();
  await lab?.close();
});

const parties = new Map<string, Promise<Party>>();

function at(address: string): Promise<Party> {
  const made = parties.get(address) ?? party(lab, address, 5080, agentsSide);
  parties.set(address, made);
  return made;
}

async function challenged(agent: Party) {
  const callId = unique("dial");
  const fromTag = unique("f");
  const response = await agent.ask(agent.make({ uri, callId, fromTag }));
  return { callId, fromTag, response };
}

/** The INVITE once more, with credentials. */
async function signIn(agent: Party, username: string, secret: string) {
  const { response, ...of } = await challenged(agent);
  const line = authorization(challengeOf(response), { username, password: secret, method: "INVITE", uri });
  // Behind NAT: neither its Contact nor its SDP can be reached.
  const invite = agent.make({
    uri,
    ...of,
    cseq: 2,
    headers: [line],
    instead: { Contact: ["Contact: <sip:sarah@192.168.7.7:5099>"] },
    body: sdp("192.168.7.7", 18_000),
  });
  return { invite, answer: await agent.ask(invite) };
}

async function plain(agent: Party) {
  const invite = agent.make({ uri, callId: unique("net") });
  return { invite, answer: await agent.ask(invite) };
}

test("an agent in a network of its own places a call and is heard within it; its neighbours have to sign in", async () => {
  const agent = await at(inNetwork);
  const { invite, answer } = await plain(agent);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await agent.send(within(agent, dialog, "ACK"));
  expect(statusOf(await agent.ask(within(agent, dialog, "BYE")))).toBe(200);
  await expect
    .poll(() => edge.records("answered"), soon)
    .toMatchObject([{ direction: "outbound", trunk: "acme", agent: "marcus" }]);
  const neighbour = await at("10.0.6.77");
  expect(statusOf(await neighbour.ask(neighbour.make({ uri })))).toBe(407);
});

test("SIPp signs in from an address that nobody knows, and hangs up", async () => {
  const host = await lab.host(elsewhere[0]);
  const run = { launcher: host, tools: lab.tools, dir: `${lab.dir}/sipp`, name: "agent" };
  const where = { address: elsewhere[0], port: 5080, remote: `${agentsSide.address}:5080` };
  const result = await sippCall(
    // SIPp's default is the proxy's address, which is not what it asks for.
    { ...run, ...where, receiveMs: 10_000, args: ["-auth_uri", uri.replace("sip:", "")] },
    caller({ to: "+14155550123", auth: { username: "sarah", password } }),
  );
  expect(result).toMatchObject({ ok: 1, failed: 0, codes: { 200: 1 }, errors: "" });
  await expect
    .poll(() => edge.records("answered").at(-1), soon)
    .toMatchObject({ direction: "outbound", trunk: "acme", agent: "sarah" });
  await expect.poll(() => edge.records("ended").at(-1), soon).toMatchObject({ by: "agent" });
});

test("a wrong password and an unknown user get the same answer, and no call leaves", async () => {
  const agent = await at(elsewhere[1]);
  const bare = (text: string) =>
    text
      .replace(/nonce="[^"]*"/g, "nonce")
      .replace(/(tag|branch)=[^;\s>]+/g, "$1")
      .replace(/^Call-ID:.*$/m, "");
  const wrong = await signIn(agent, "sarah", "guess");
  const unknown = await signIn(agent, "eve", password);
  expect(statusOf(wrong.answer)).toBe(407);
  expect(bare(unknown.answer)).toBe(bare(wrong.answer));
  expect(headerValues(wrong.answer, "Proxy-Authenticate")).toHaveLength(1);
});

test("credentials serve one call, at one address", async () => {
  const agent = await at(elsewhere[1]);
  const { invite, answer } = await signIn(agent, "sarah", password);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await agent.send(within(agent, dialog, "ACK"));
  const line = /^Proxy-Authorization:.*$/m.exec(invite)?.[0].trim() ?? "";
  const replayed = agent.make({ uri, callId: unique("replay"), headers: [line] });
  expect(statusOf(await agent.ask(replayed))).toBe(407);
  // Not used yet, but asked for at another address.
  const challenge = challengeOf((await challenged(agent)).response);
  const fresh = authorization(challenge, { username: "sarah", password, method: "INVITE", uri });
  const thief = await at(elsewhere[2]);
  expect(statusOf(await thief.ask(thief.make({ uri, callId: unique("t"), headers: [fresh] })))).toBe(407);
  expect(statusOf(await agent.ask(within(agent, dialog, "BYE")))).toBe(200);
});

test("a call of such an agent goes on over a swap: from where it proved itself, and from nowhere else", async () => {
  const agent = await at(elsewhere[3]);
  const { invite, answer } = await signIn(agent, "sarah", password);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await agent.send(within(agent, dialog, "ACK"));
  generation += 1;
  const before = edge;
  edge = await start({ relay: false, predecessorPort: 7000 + generation });
  await before.kamailio.stop();
  const thief = await at(elsewhere[2]);
  expect(statusOf(await thief.ask(within(thief, dialog, "BYE")))).toBe(403);
  expect(statusOf(await agent.ask(within(agent, dialog, "BYE")))).toBe(200);
});

test.each([
  ["behind NAT that signed in", elsewhere[1]],
  ["in a network of its own", inNetwork],
])("a carrier's BYE reaches an agent %s where it sends from", async (what, address) => {
  const agent = await at(address);
  const { invite, answer } =
    address === inNetwork ? await plain(agent) : await signIn(agent, "sarah", password);
  expect(statusOf(answer), what).toBe(200);
  await agent.send(within(agent, dialogOf(invite, answer), "ACK"));
  const mark = agent.mark();
  const leaving = carrier.requests("INVITE").at(-1) ?? "";
  await carrier.send(carrier.within(leaving, "BYE"), edgeAt);
  await expect.poll(() => agent.since(mark).map(methodOf), soon).toContain("BYE");
});

test("a carrier's Contact in the network of an agent is led nowhere", async () => {
  const agent = await at(elsewhere[1]);
  const { invite, answer } = await signIn(agent, "sarah", password);
  const dialog = dialogOf(invite, answer);
  await agent.send(within(agent, dialog, "ACK"));
  const victim = await at(publicNetwork);
  const [heard, mark] = [victim.mark(), agent.mark()];
  const leaving = carrier.requests("INVITE").at(-1) ?? "";
  const contact = [`Contact: <sip:${publicNetwork}:5080>`];
  await carrier.send(carrier.within(leaving, "UPDATE", { instead: { Contact: contact } }), edgeAt);
  const update = () => agent.since(mark).find((text) => methodOf(text) === "UPDATE");
  await expect.poll(update, soon).toBeDefined();
  const [moved = ""] = headerValues(update() ?? "", "Contact");
  const target = moved.slice(1, moved.indexOf(">"));
  expect(target).not.toBe(dialog.target);
  expect(statusOf(await agent.ask(within(agent, { ...dialog, target }, "BYE")))).toBe(200);
  expect(victim.since(heard)).toEqual([]);
});
