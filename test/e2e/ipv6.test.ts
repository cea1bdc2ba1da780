/** Calls over IPv6 on both sides, and between the families: the edge has an address of each, and its relay goes between. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { bracketed } from "../../src/core/host.ts";
import { headerValues } from "../../src/phone/message.ts";
import { startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import type { UdpPeer } from "../lab/sockets.ts";
import { back, type Half, half, invite, within } from "../targets/kamailio/calls.ts";
import { number, relaySessions } from "./call-world.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogOf, within as dialogRequest } from "./kit/call.ts";
import { bodyOf, methodOf, response, sdp, statusOf } from "./kit/message.ts";
import { party } from "./kit/party.ts";
import { audioOf, flows } from "./kit/rtp.ts";
import { sipServer } from "./kit/server.ts";

const v4 = {
  edge: "198.51.100.7",
  carrier: "203.0.113.10",
  provider: "203.0.113.50",
  inside: "10.0.4.1",
  agent: "10.0.4.10",
};
const v6 = {
  edge: "2001:db8:7::7",
  carrier: "2001:db8:c::10",
  provider: "2001:db8:c::50",
  inside: "fd00:4::1",
  agent: "fd00:4::10",
};
const family = { v4, v6 } as const;
type Family = keyof typeof family;

/** Closed at the end of the test. */
async function kept<T extends { close(): Promise<void> } | { readonly peer: UdpPeer }>(
  made: Promise<T>,
): Promise<T> {
  const it = await made;
  onTestFinished(() => ("close" in it ? it.close() : it.peer.close()));
  return it;
}

/** Which families the carrier side has, that of the agents, and who calls by which. */
const worlds: readonly { readonly carrier: readonly Family[]; readonly agents: Family }[] = [
  { carrier: ["v6"], agents: "v6" },
  { carrier: ["v4", "v6"], agents: "v4" },
  { carrier: ["v4", "v6"], agents: "v6" },
];

describe.each(worlds)("an edge with carriers by $carrier and agents by $agents", ({ carrier, agents }) => {
  const ours = family[agents];
  let lab: Lab;
  let agent: Half;
  let agentMedia: UdpPeer;
  beforeAll(async () => {
    lab = await openLab({
      addresses: [
        ...carrier.flatMap((f) => [family[f].edge, family[f].carrier, family[f].provider]),
        ours.inside,
        ours.agent,
      ],
    });
    const own = { hand: { uri: `sip:${bracketed(ours.agent)}:5080` } };
    await startEdge(lab, {
      network: {
        public_ip: Object.fromEntries(carrier.map((f) => [f, family[f].edge])),
        agents: { address: ours.inside },
        rtp: [30000, 30999],
      },
      trunks: [
        {
          crew_id: "acme",
          agents: own,
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: carrier.map((f) => family[f].carrier) },
            codecs: [{ name: "PCMU" }, { name: "PCMA" }],
            inbound_routes: [
              { match: { to_uri: number(0) }, agent_id: "hand" },
              ...carrier.map((via, i) => ({
                match: { to_uri: number(10 + i) },
                forward: { number: "+14155550177", via },
              })),
            ],
          },
        },
        ...carrier.map((f) => ({
          crew_id: f,
          agents: own,
          sip: {
            outbound: { uri: `sip:${bracketed(family[f].provider)}:5060`, allowed_destinations: ["+1"] },
          },
        })),
      ],
    });
    agent = await half(lab, ours.agent, 5080, { address: ours.inside, port: 5080 });
    agentMedia = await lab.udp(ours.agent, 18_000);
  });
  afterAll(() => lab?.close());

  test.each(carrier)("a call by %s: audio both ways, re-INVITE of the agent, BYE", async (f) => {
    const theirs = family[f];
    const caller = await kept(half(lab, theirs.carrier, 5060, { address: theirs.edge, port: 5060 }));
    const callerMedia = await kept(lab.udp(theirs.carrier, 17_000));
    const call = await invite(caller, agent, {
      uri: `sip:${number(0)}@${bracketed(theirs.edge)}`,
      body: sdp(theirs.carrier),
    });
    expect(call.got).not.toContain(theirs.carrier);
    expect(audioOf(call.got).address).toBe(ours.inside);
    const contact = `sip:agent@${bracketed(ours.agent)}:5080`;
    await agent.send(
      response(call.got, "200 OK", { toTag: "agent", contact, body: sdp(ours.agent, 18_000) }),
    );
    const ok = await caller.next(call.callId, 200);
    expect(ok).not.toContain(ours.agent);
    expect(audioOf(ok).address).toBe(theirs.edge);
    expect(bodyOf(ok)).toMatch(f === "v6" ? /^c=IN IP6 /m : /^c=IN IP4 /m);
    await caller.send(within(caller, call, ok, "ACK", 1));
    await agent.next(call.callId, "ACK");
    expect(await flows(callerMedia, ok, agentMedia)).toBe(true);
    expect(await flows(agentMedia, call.got, callerMedia)).toBe(true);
    await agent.send(back(agent, call, "INVITE", 1, sdp(ours.agent, 18_000)));
    const again = await caller.next(call.callId, "INVITE");
    expect(audioOf(again).address).toBe(theirs.edge);
    await caller.send(
      response(again, "200 OK", {
        contact: `sip:x@${bracketed(theirs.carrier)}:5060`,
        body: sdp(theirs.carrier),
      }),
    );
    const done = await agent.next(call.callId, 200);
    expect(audioOf(done).address).toBe(ours.inside);
    await agent.send(back(agent, call, "ACK", 1));
    await caller.next(call.callId, "ACK");
    await caller.send(within(caller, call, ok, "BYE", 2));
    const bye = await agent.next(call.callId, "BYE");
    await agent.send(response(bye, "200 OK"));
    expect(statusOf(await caller.next(call.callId, 200))).toBe(200);
    expect(headerValues(bye, "Via")[0]).toContain(bracketed(ours.inside));
    await expect.poll(() => relaySessions(lab)).toEqual([]);
  });

  test.each(carrier)(
    "a call by %s without an offer: the agent offers, the caller answers in ACK",
    async (f) => {
      const theirs = family[f];
      const caller = await kept(half(lab, theirs.carrier, 5060, { address: theirs.edge, port: 5060 }));
      const call = await invite(caller, agent, {
        uri: `sip:${number(0)}@${bracketed(theirs.edge)}`,
        body: "",
      });
      const contact = `sip:agent@${bracketed(ours.agent)}:5080`;
      await agent.send(
        response(call.got, "200 OK", { toTag: "agent", contact, body: sdp(ours.agent, 18_000) }),
      );
      const ok = await caller.next(call.callId, 200);
      expect(audioOf(ok).address).toBe(theirs.edge);
      await caller.send(within(caller, call, ok, "ACK", 1, { body: sdp(theirs.carrier) }));
      expect(audioOf(await agent.next(call.callId, "ACK")).address).toBe(ours.inside);
      await caller.send(within(caller, call, ok, "BYE", 2));
      await agent.send(response(await agent.next(call.callId, "BYE"), "200 OK"));
      await caller.next(call.callId, 200);
    },
  );

  test.each(["::1", "0:0:0:0:0:0:0:1", "0000::0001", "::ffff:127.0.0.1", "::FFFF:7f00:1"])(
    "an SDP that names the edge's own loopback as %s gets no audio there",
    async (named) => {
      const theirs = v6;
      const caller = await kept(half(lab, theirs.carrier, 5060, { address: theirs.edge, port: 5060 }));
      const victims = await Promise.all(["::1", "127.0.0.1"].map((at) => kept(lab.udp(at, 17_000))));
      const call = await invite(caller, agent, {
        uri: `sip:${number(0)}@${bracketed(theirs.edge)}`,
        body: sdp(theirs.carrier).replace(`IN IP6 ${theirs.carrier}\r\nt=`, `IN IP6 ${named}\r\nt=`),
      });
      const contact = `sip:agent@${bracketed(ours.agent)}:5080`;
      await agent.send(
        response(call.got, "200 OK", { toTag: "agent", contact, body: sdp(ours.agent, 18_000) }),
      );
      const ok = await caller.next(call.callId, 200);
      await caller.send(within(caller, call, ok, "ACK", 1));
      await agent.next(call.callId, "ACK");
      for (const victim of victims) expect(await flows(agentMedia, call.got, victim)).toBe(false);
      await caller.send(within(caller, call, ok, "BYE", 2));
      await agent.send(response(await agent.next(call.callId, "BYE"), "200 OK"));
      await caller.next(call.callId, 200);
      expect(victims.flatMap((v) => v.received)).toEqual([]);
    },
  );

  test.each(carrier)(
    "a call of an agent to a provider by %s: audio both ways, the provider hangs up",
    async (f) => {
      const theirs = family[f];
      const provider = await kept(sipServer(lab, theirs.provider, 5060, accepts()));
      const providerMedia = await kept(lab.udp(theirs.provider, 18_000));
      const dialler = await kept(party(lab, ours.agent, 5090, { address: ours.inside, port: 5080 }));
      const sent = dialler.make({
        uri: `sip:+14155550123@${bracketed(ours.inside)}:5080`,
        body: sdp(ours.agent, 18_000),
        headers: [`X-Crew-Trunk: ${f}`],
      });
      const ok = await dialler.ask(sent);
      expect(statusOf(ok)).toBe(200);
      const dialog = dialogOf(sent, ok);
      await dialler.send(dialogRequest(dialler, dialog, "ACK"));
      const got = await provider.request("INVITE");
      expect([audioOf(got).address, audioOf(ok).address]).toEqual([theirs.edge, ours.inside]);
      expect(got).not.toContain(ours.agent);
      expect(ok).not.toContain(theirs.provider);
      expect(await flows(agentMedia, ok, providerMedia)).toBe(true);
      expect(await flows(providerMedia, got, agentMedia)).toBe(true);
      await provider.request("ACK");
      const ended = provider.ask(provider.within(got, "BYE"), 3000, { address: theirs.edge, port: 5060 });
      const bye = await dialler.peer.receive(3000, (d) => methodOf(d.text) === "BYE");
      await dialler.send(response(bye.text, "200 OK"), bye);
      expect(statusOf(await ended)).toBe(200);
    },
  );

  const pairs = carrier.flatMap((from) => carrier.map((to, i) => ({ from, to, n: 10 + i })));
  test.each(pairs)("a call by $from that is forwarded to a provider by $to", async ({ from, to, n }) => {
    const [caller, provided] = [family[from], family[to]];
    const provider = await kept(sipServer(lab, provided.provider, 5060, accepts()));
    const pbx = await kept(party(lab, caller.carrier, 5060, { address: caller.edge, port: 5060 }));
    const [pbxMedia, providerMedia] = [
      await kept(lab.udp(caller.carrier, 17_000)),
      await kept(lab.udp(provided.provider, 18_000)),
    ];
    const sent = pbx.make({ uri: `sip:${number(n)}@${bracketed(caller.edge)}`, body: sdp(caller.carrier) });
    const ok = await pbx.ask(sent);
    expect(statusOf(ok)).toBe(200);
    const dialog = dialogOf(sent, ok);
    await pbx.send(dialogRequest(pbx, dialog, "ACK"));
    const got = await provider.request("INVITE");
    expect([audioOf(got).address, audioOf(ok).address]).toEqual([provided.edge, caller.edge]);
    expect(await flows(pbxMedia, ok, providerMedia)).toBe(true);
    expect(await flows(providerMedia, got, pbxMedia)).toBe(true);
    expect(statusOf(await pbx.ask(dialogRequest(pbx, dialog, "BYE")))).toBe(200);
  });
});
