/** The objects of the SIP document as they stand there, with nothing but addresses of the lab beside them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { agentsSide, edgeAt } from "./call-world.ts";
import { type Agent, agentSink } from "./kit/agent.ts";
import { accepts } from "./kit/behaviours.ts";
import { type Caller, call, hangUp } from "./kit/call.ts";
import { bodyOf, headerLines, sdp, statusOf, unique } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { type Server, sipServer } from "./kit/server.ts";

const documented = {
  auth: { sip: { auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10", "203.0.113.11"] } } },
  users: {
    sip: {
      inbound_routes: [
        { match: { to_user: "main" }, agent_id: "agent_sarah" },
        { match: { to_user: "support" }, agent_id: "agent_marcus" },
      ],
    },
  },
  numbers: {
    sip: {
      inbound_routes: [
        { match: { to_uri: "+14155551111" }, agent_id: "agent_sales" },
        { match: { to_uri: "+14155552222" }, agent_id: "agent_support" },
      ],
    },
  },
  codecs: {
    sip: {
      codecs: [
        { name: "opus", priority: 1, sample_rate: 16000 },
        { name: "PCMU", priority: 2 },
        { name: "PCMA", priority: 3 },
      ],
    },
  },
  headers: {
    sip: {
      custom_headers: {
        inbound: [{ header: "X-Customer-ID", variable: "customer_id" }],
        outbound: [{ header: "X-Campaign-ID", value: "{{campaign_id}}" }],
      },
    },
  },
  callerId: { sip: { caller_id: { source: "pai", fallback: "rpid" } } },
} as const;

const agentIds = ["agent_sarah", "agent_marcus", "agent_sales", "agent_support"] as const;
const agentAt = (i: number): string => `10.0.4.${10 + i}`;
const providerAt = "203.0.113.50";
const stranger = "203.0.113.12";

let lab: Lab;
let edge: Edge;
const agents = new Map<string, Agent>();
let provider: Server;
const sources = new Map<string, Party>();
beforeAll(async () => {
  const carriers = [...documented.auth.sip.auth.allowed_ips, stranger];
  lab = await openLab({
    addresses: [
      edgeAt.address,
      agentsSide.address,
      ...agentIds.map((_, i) => agentAt(i)),
      ...carriers,
      providerAt,
    ],
  });
  const { users, numbers } = documented;
  edge = await startEdge(lab, {
    network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
    trunks: [
      {
        crew_id: "acme",
        agents: Object.fromEntries(agentIds.map((id, i) => [id, { uri: `sip:${agentAt(i)}:5080` }])),
        sip: {
          ...documented.auth.sip,
          ...documented.codecs.sip,
          ...documented.headers.sip,
          ...documented.callerId.sip,
          inbound_routes: [...users.sip.inbound_routes, ...numbers.sip.inbound_routes],
          outbound: { uri: `sip:${providerAt}`, caller_id: "+14155551234", allowed_destinations: ["+1"] },
        },
      },
    ],
  });
  for (const [i, id] of agentIds.entries())
    agents.set(id, await agentSink(lab, agentAt(i), 5080, agentsSide));
  for (const address of carriers) sources.set(address, await party(lab, address, 5060, edgeAt));
  provider = await sipServer(lab, providerAt, 5060, accepts());
});
afterAll(async () => {
  for (const agent of agents.values()) await agent.close();
  await provider?.close();
  await edge?.stop();
  await lab?.close();
});

const agentOf = (id: string): Agent => {
  const agent = agents.get(id);
  if (agent === undefined) throw new Error(`no agent ${id}`);
  return agent;
};
const from = (address: string, id: string): Caller => {
  const source = sources.get(address);
  if (source === undefined) throw new Error(`nobody at ${address}`);
  return { ...source, callee: agentOf(id) };
};

/** The INVITE that an agent gets of a call to this user, which must be answered. */
async function invited(
  user: string,
  id: string,
  change: object = {},
  source = "203.0.113.10",
): Promise<string> {
  const caller = from(source, id);
  const callId = unique("doc");
  const dialog = await call(caller, { uri: `sip:${user}@${edgeAt.address}`, callId, ...change });
  const invite = await agentOf(id).request("INVITE", callId);
  expect(statusOf(await hangUp(caller, dialog))).toBe(200);
  return invite;
}

test.each(documented.auth.sip.auth.allowed_ips)(
  "a call from %s of the allowlist is let in",
  async (source) => {
    shows("document/ip-allowlist");
    await invited("main", "agent_sarah", {}, source);
  },
);

test("a call from the address beside it gets no answer", async () => {
  shows("document/ip-allowlist");
  const caller = from(stranger, "agent_sarah");
  await expect(caller.ask(caller.make({ uri: `sip:main@${edgeAt.address}` }), 500)).rejects.toThrow();
});

test.each(documented.users.sip.inbound_routes)(
  "$match.to_user reaches $agent_id",
  async ({ match, agent_id }) => {
    shows("document/to-user");
    const invite = await invited(match.to_user, agent_id);
    expect(headerValues(invite, "X-Crew-Agent")).toEqual([agent_id]);
    expect(invite.split(" ")[1]).toMatch(new RegExp(`^sip:${match.to_user}@`));
  },
);

test.each(
  documented.numbers.sip.inbound_routes.flatMap((r) => [
    { ...r, dialled: r.match.to_uri },
    { ...r, dialled: r.match.to_uri.slice(1) },
  ]),
)("$dialled reaches $agent_id", async ({ match, agent_id, dialled }) => {
  shows("document/to-uri");
  const invite = await invited(dialled, agent_id);
  expect(headerValues(invite, "X-Crew-Agent")).toEqual([agent_id]);
  expect(invite.split(" ")[1]).toContain(`sip:${match.to_uri}@`);
});

test("the number in To counts where the Request-URI has the trunk's own id", async () => {
  shows("document/to-uri");
  const to = `<sip:+14155552222@${edgeAt.address}>`;
  const invite = await invited("acme", "agent_support", { to });
  expect(headerValues(invite, "X-Crew-Agent")).toEqual(["agent_support"]);
});

test("no route: 404, and nobody rings", async () => {
  shows("document/to-user", "document/to-uri");
  const caller = from("203.0.113.10", "agent_sarah");
  for (const user of ["sales", "Main", "+14155553333"]) {
    const answer = await caller.ask(caller.make({ uri: `sip:${user}@${edgeAt.address}` }));
    expect([user, statusOf(answer)]).toEqual([user, 404]);
  }
});

test("an offer in any order reaches the agent in the order of the document: opus, PCMU, PCMA", async () => {
  shows("document/codec-priority", "document/codecs");
  const body = sdp("203.0.113.10")
    .replace("RTP/AVP 0 8", "RTP/AVP 8 18 0 111")
    .replace("a=sendrecv", "a=rtpmap:111 opus/48000/2\r\na=rtpmap:18 G729/8000\r\na=sendrecv");
  const offer = bodyOf(await invited("main", "agent_sarah", { body }));
  expect(/^m=audio \d+ RTP\/AVP ([\d ]+)/m.exec(offer)?.[1]).toBe("111 0 8");
  expect(offer).not.toContain("G729");
});

test("X-Customer-ID of the carrier is customer_id of the agent", async () => {
  shows("document/headers-inbound");
  const invite = await invited("main", "agent_sarah", { headers: ["X-Customer-ID: 4711", "X-Other: no"] });
  expect(headerLines(invite).filter((l) => /^x-(?!crew-(?:agent|trunk|call-id))/i.test(l))).toEqual([
    "X-Crew-Var-customer_id: 4711",
  ]);
});

test.each([
  ["P-Asserted-Identity", "<sip:+14155550111@carrier.example>", "+14155550111"],
  ["Remote-Party-ID", "<sip:+14155550112@carrier.example>;party=calling", "+14155550112"],
])("%s says who calls", async (header, value, number) => {
  shows("document/caller-id");
  const invite = await invited("main", "agent_sarah", { headers: [`${header}: ${value}`] });
  expect(headerValues(invite, "From")[0]).toContain(`sip:${number}@`);
  expect(headerValues(invite, "P-Asserted-Identity")[0]).toContain(`sip:${number}@`);
});

test("campaign_id of the agent is X-Campaign-ID at the provider, and caller_id who calls", async () => {
  shows("document/outbound", "document/headers-outbound", "document/caller-id");
  const agent = agentOf("agent_sarah");
  const callId = unique("doc");
  const invite = agent.make({
    uri: `sip:+14155550123@${agentsSide.address}:5080`,
    callId,
    headers: ["X-Crew-Var-campaign_id: spring"],
  });
  expect(statusOf(await agent.ask(invite))).toBe(200);
  const got = await provider.request("INVITE");
  expect(got.split(" ")[1]).toMatch(/^sip:\+14155550123@203\.0\.113\.50/);
  expect(headerValues(got, "X-Campaign-ID")).toEqual(["spring"]);
  expect(headerValues(got, "From")[0]).toContain("+14155551234@");
  expect(headerValues(got, "P-Asserted-Identity")[0]).toContain("+14155551234@");
});
