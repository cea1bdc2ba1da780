/** How the edge marks what it sends (RFC 4594): CS3 on signalling, EF on media, towards both sides, whatever the transport. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { shows } from "../acceptance/shows.ts";
import { capture, rtpStreams } from "../lab/capture.ts";
import { sipMessages } from "../lab/sip-capture.ts";
import { agentsSide, dial, draft, edgeAt, openWorld, toAgent, type World } from "./call-world.ts";

const cs3 = 24;
const ef = 46;
const callerAt = "203.0.113.10";
const agentAt = "10.0.4.10";

let world: World;
beforeAll(async () => {
  const agents = {
    udp: { uri: `sip:${agentAt}:5080` },
    tcp: { uri: `sip:${agentAt}:5090;transport=tcp` },
  };
  world = await openWorld(draft(agents, [toAgent(0, "udp"), toAgent(1, "tcp")]));
});
afterAll(() => world.close());

test.each(["udp", "tcp"] as const)(
  "over %s on both sides: every message is CS3, and every packet of audio EF",
  async (transport) => {
    shows("document/qos");
    const n = transport === "udp" ? 0 : 1;
    await world.agent({ via: "sipp", at: `${agentAt}:${n === 0 ? 5080 : 5090}`, transport });
    const sides = [
      { edge: edgeAt.address, host: callerAt },
      { edge: agentsSide.address, host: agentAt },
    ];
    const wires = await Promise.all(
      sides.map(async ({ host }) => capture(world.lab, "udp or tcp", await world.lab.host(host))),
    );
    const caller = await world.caller({
      via: "sipp",
      from: `${callerAt}:${5070 + n}`,
      to: dial(n, transport),
    });
    expect(await caller.call({ talkMs: 700, expectHz: 700 })).toMatchObject({ heardTone: true });
    for (const [i, { edge }] of sides.entries()) {
      const packets = (await wires[i]?.stop()) ?? [];
      const sent = packets.filter((p) => p.source === edge);
      const messages = sipMessages(sent).filter((m) => m.transport === transport);
      // The side of the caller gets 100, 200 and 200, that of the agent INVITE, ACK and BYE.
      expect(messages.length).toBeGreaterThanOrEqual(3);
      expect(new Set(messages.flatMap((m) => m.dscp))).toEqual(new Set([cs3]));
      const streams = rtpStreams(sent);
      expect(streams.map((s) => s.packets > 20)).toEqual([true]);
      expect(streams.flatMap((s) => s.dscp)).toEqual([ef]);
      // What the other end sends has no mark: it is the edge that sets one.
      expect(new Set(rtpStreams(packets.filter((p) => p.source !== edge)).flatMap((s) => s.dscp))).toEqual(
        new Set([0]),
      );
    }
  },
  30_000,
);
