/** Trunks of every kind over IPv6: by digest, over a registration, and behind a firewall that changes addresses. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { type Agent, agentSink } from "./kit/agent.ts";
import { accepts, type Registrar, registrar } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { challenges } from "./kit/challenges.ts";
import { authorization, challengeOf, ha1Of } from "./kit/digest.ts";
import { sdp, statusOf, unique } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { audioOf, flows } from "./kit/rtp.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "2001:db8:7::7", port: 5060 };
const agentsSide = { address: "fd00:4::1", port: 5080 };
const agentAt = "fd00:4::10";
const strangerAt = "2001:db8:dead::1";
const natAt = "2001:db8:c::20";
const providerAt = "2001:db8:c::50";
/** What a caller behind a firewall believes its address to be. */
const inside = "2001:db8:ffff::9";
const realm = "crew.example";
const password = "s3cret";

let lab: Lab;
let edge: Edge;
let agent: Agent;
let provider: Server;
let kept: Registrar;
beforeAll(async () => {
  lab = await openLab({
    addresses: [edgeAt.address, agentsSide.address, agentAt, strangerAt, natAt, providerAt],
  });
  kept = registrar();
  const users = { acme: password };
  provider = await sipServer(
    lab,
    providerAt,
    5060,
    challenges({ realm: "p.example", users }),
    kept,
    accepts(),
  );
  const agents = { sarah: { uri: `sip:[${agentAt}]:5080` } };
  const inbound_routes = [{ match: { to_uri: "+14155551111" }, agent_id: "sarah" }];
  const secret = { secret: "PASSWORD" };
  edge = await startEdge(
    lab,
    {
      network: {
        public_ip: edgeAt.address,
        agents: { address: agentsSide.address },
        rtp: [30000, 30999],
      },
      trunks: [
        {
          crew_id: "digest",
          agents,
          sip: { auth: { type: "digest", username: "pbx", password: secret, realm }, inbound_routes },
        },
        {
          crew_id: "nat",
          agents,
          sip: { auth: { type: "ip_allowlist", allowed_ips: [`${natAt}/128`] }, nat: true, inbound_routes },
        },
        {
          crew_id: "provider",
          country: "US",
          agents,
          sip: {
            outbound: {
              uri: `sip:[${providerAt}]:5060`,
              register: true,
              auth: { username: "acme", password: secret },
            },
            inbound_routes: [{ match: { to_user: "acme" }, agent_id: "sarah" }],
          },
        },
      ],
    },
    {
      digests: [{ trunk: "digest", username: "pbx", realm, ha1: ha1Of("pbx", realm, password) }],
      passwords: [{ trunk: "provider", password }],
    },
  );
  agent = await agentSink(lab, agentAt, 5080, agentsSide);
}, 60_000);
afterAll(async () => {
  await agent?.close();
  await provider?.close();
  await lab?.close();
});

const uri = `sip:+14155551111@[${edgeAt.address}]`;
async function at(address: string, port = 5060): Promise<Party> {
  const made = await party(lab, address, port, edgeAt);
  onTestFinished(() => made.peer.close());
  return made;
}

/** A call that was answered: acknowledged, heard by the agent of a trunk, and hung up. */
async function goesThrough(from: Party, invite: string, answer: string, trunk: string): Promise<void> {
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await from.send(within(from, dialog, "ACK"), edgeAt);
  await agent.request("ACK", dialog.callId);
  expect(headerValues(await agent.request("INVITE", dialog.callId), "X-Crew-Trunk")).toEqual([trunk]);
  expect(statusOf(await from.ask(within(from, dialog, "BYE"), 3000, edgeAt))).toBe(200);
  await agent.request("BYE", dialog.callId);
}

test("a stranger is challenged, and let in with the right password alone", async () => {
  const stranger = await at(strangerAt);
  const callId = unique("digest");
  const fromTag = unique("f");
  const challenged = await stranger.ask(stranger.make({ uri, callId, fromTag }));
  const again = (challenge: string, secret: string, cseq: number): string => {
    const credentials = { username: "pbx", password: secret, method: "INVITE", uri };
    const headers = [authorization(challengeOf(challenge), credentials)];
    return stranger.make({ uri, callId, fromTag, cseq, headers });
  };
  const refused = await stranger.ask(again(challenged, "wrong", 2));
  expect(statusOf(refused)).toBe(407);
  const invite = again(refused, password, 3);
  await goesThrough(stranger, invite, await stranger.ask(invite), "digest");
});

test("a registration is made, kept by its Contact, and called over", async () => {
  const contact = `sip:provider@[${edgeAt.address}]:5060`;
  await expect.poll(() => kept.contacts("acme"), { timeout: 10_000 }).toEqual([contact]);
  await expect.poll(() => edge.records("registered").length).toBe(1);
  const invite = provider.make({ uri: contact, to: "<sip:acme@p.example>", callId: unique("reg") });
  await goesThrough(provider, invite, await provider.ask(invite, 4000, edgeAt), "provider");
});

test("a caller whose address was changed on the way: media comes from where it really is", async () => {
  const caller = await at(natAt, 40_123);
  const [callerMedia, agentMedia] = [await lab.udp(natAt, 27_000), await lab.udp(agentAt, 18_000)];
  const instead = {
    Via: [`Via: SIP/2.0/UDP [${inside}]:5060;branch=z9hG4bK${unique()};rport`],
    Contact: [`Contact: <sip:caller@[${inside}]:5060>`],
  };
  const invite = caller.make({ uri, callId: unique("nat"), body: sdp(inside, 9000), instead });
  const answer = await caller.ask(invite);
  const toAgent = await agent.request("INVITE", headerValues(answer, "Call-ID")[0] ?? "");
  expect([audioOf(answer).address, audioOf(toAgent).address]).toEqual([edgeAt.address, agentsSide.address]);
  await flows(callerMedia, answer, agentMedia);
  await expect.poll(() => flows(agentMedia, toAgent, callerMedia), { timeout: 8000 }).toBe(true);
  await goesThrough(caller, invite, answer, "nat");
}, 20_000);
