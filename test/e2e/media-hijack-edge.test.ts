/** RTP sprayed from a third address at calls through the whole edge, while they ring and while they talk. */

import { beforeAll, describe, expect, test } from "vitest";
import { shows } from "../acceptance/shows.ts";
import { labEngine, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import type { UdpPeer } from "../lab/sockets.ts";
import { type Answer, agentSink } from "./kit/agent.ts";
import { dialogOf, hangUp, within } from "./kit/call.ts";
import { methodOf, response, sdp, unique } from "./kit/message.ts";
import { party } from "./kit/party.ts";
import { audioOf } from "./kit/rtp.ts";

const edge = "198.51.100.7";
const carrier = "203.0.113.10";
const agentAddress = "10.0.4.10";
const attackerAddress = "192.0.2.66";
const rtp = [30000, 30199] as const;

interface Topology {
  readonly name: string;
  /** Address of the agents' side. */
  readonly agents: string;
  readonly nat: boolean;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function rtpPacket(letter: string, sequence: number): Buffer {
  const packet = Buffer.alloc(172, letter);
  packet.writeUInt16BE(0x8000);
  packet.writeUInt16BE(sequence & 0xffff, 2);
  packet.writeUInt32BE(sequence * 160, 4);
  packet.writeUInt32BE(letter.charCodeAt(0), 8);
  return packet;
}

const heard = (peer: UdpPeer, letter: string, from = 0): number =>
  peer.received.slice(from).filter((d) => d.data[171] === letter.charCodeAt(0)).length;

/** 180 to INVITE; the 200 comes when the test sends it. */
const ringsOn: Answer = (request, { at, tag }) =>
  methodOf(request) === "INVITE"
    ? [response(request, "180 Ringing", { toTag: tag, contact: `sip:agent@${at.address}:${at.port}` })]
    : methodOf(request) === "ACK"
      ? []
      : [response(request, "200 OK", { toTag: tag })];

beforeAll(async () => {
  await labEngine("6.1");
}, 600_000);

describe.each<Topology>([
  { name: "both sides on one address", agents: edge, nat: false },
  { name: "agents on a network of their own", agents: "10.0.4.1", nat: false },
  { name: "a carrier behind NAT", agents: edge, nat: true },
])("a call with $name", ({ agents, nat }) => {
  async function inLab(work: (lab: Lab) => Promise<void>): Promise<void> {
    const lab = await openLab({
      addresses: [...new Set([edge, agents, carrier, agentAddress, attackerAddress])],
    });
    try {
      await work(lab);
    } finally {
      await lab.close();
    }
  }

  test("is neither heard nor spoken into by others", () =>
    inLab(async (lab) => {
      shows("document/nat");
      await startEdge(lab, {
        network: { public_ip: edge, agents: { address: agents, udp: 5080 }, rtp: [...rtp] },
        trunks: [
          {
            crew_id: "acme",
            agents: { sarah: { uri: `sip:${agentAddress}:5080` } },
            sip: {
              auth: { type: "ip_allowlist", allowed_ips: [carrier] },
              inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "sarah" }],
              ...(nat ? { nat: true } : {}),
            },
          },
        ],
      });
      const caller = await party(lab, carrier, 5060, { address: edge, port: 5060 });
      const agent = await agentSink(lab, agentAddress, 5080, { address: agents, port: 5080 });
      agent.answerWith(ringsOn);
      const callerMedia = await lab.udp(carrier);
      const agentMedia = await lab.udp(agentAddress);
      const attacker = await lab.udp(attackerAddress);

      const callId = unique("hijack");
      const signalled = nat ? sdp("192.168.1.5", 7000) : sdp(carrier, callerMedia.port);
      const invite = caller.make({ callId, body: signalled });
      const final = caller.ask(invite, 8000);
      const atAgent = await agent.request("INVITE", callId);
      const toAgentSide = audioOf(atAgent);

      // While it rings: every port that a stranger can guess. The agents' own network is not a stranger's.
      for (let round = 0; round < 5; round++)
        for (let port = rtp[0]; port <= rtp[1]; port++)
          await attacker.send(rtpPacket("E", round), { address: edge, port });
      await sleep(150);

      const ok = response(atAgent, "200 OK", {
        toTag: "answered",
        contact: `sip:agent@${agentAddress}:5080`,
        body: sdp(agentAddress, agentMedia.port),
      });
      await agent.send(ok);
      const answer = await final;
      expect(answer).toMatch(/^SIP\/2.0 200/);
      const dialog = dialogOf(invite, answer);
      await caller.send(within(caller, dialog, "ACK"));
      const toCallerSide = audioOf(answer);
      expect([toCallerSide.address, toAgentSide.address]).toEqual([edge, agents]);

      const seconds = nat ? 6 : 2;
      const rounds = seconds * 50;
      let late: readonly number[] = [];
      for (let i = 0; i < rounds; i++) {
        if (i === rounds - 50) late = [callerMedia, agentMedia, attacker].map((p) => p.received.length);
        await attacker.send(rtpPacket("E", 100 + i), toCallerSide);
        await attacker.send(rtpPacket("E", 100 + i), toAgentSide);
        await callerMedia.send(rtpPacket("A", i), toCallerSide);
        await agentMedia.send(rtpPacket("B", i), toAgentSide);
        await sleep(16);
      }
      await sleep(150);
      const [lateCaller = 0, lateAgent = 0, lateAttacker = 0] = late;
      const injected = heard(callerMedia, "E") + heard(agentMedia, "E");
      const bled = heard(attacker, "A") + heard(attacker, "B");
      if (nat)
        console.log(
          `edge, caller behind NAT: ${injected} packets injected and ${bled} bled in the first seconds`,
        );
      else expect({ injected, bled }).toEqual({ injected: 0, bled: 0 });
      expect(heard(callerMedia, "E", lateCaller) + heard(agentMedia, "E", lateAgent)).toBe(0);
      expect(heard(attacker, "A", lateAttacker) + heard(attacker, "B", lateAttacker)).toBe(0);
      expect(heard(callerMedia, "B", lateCaller)).toBeGreaterThan(40);
      expect(heard(agentMedia, "A", lateAgent)).toBeGreaterThan(40);
      expect(await hangUp(caller, dialog)).toMatch(/^SIP\/2.0 200/);
      await agent.close();
    }));
});
