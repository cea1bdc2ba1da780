/** RTCP (RFC 3550): each side gets reports of the relay, in which nothing says who the other one is. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { shows } from "../acceptance/shows.ts";
import { capture } from "../lab/capture.ts";
import { startEdge } from "../lab/edge.ts";
import { withLab } from "../lab/netns.ts";
import { agentsSide, dial, draft, edgeAt, sleep, toAgent } from "./call-world.ts";

const callerAt = "203.0.113.10";
const agentAt = "10.0.4.10";

describe.each(["6.1", "6.0", "5.6"] as const)("engine line %s", (engine) => {
  test("a call of seven seconds: reports on both sides, of the edge alone", async () => {
    shows("behaviour/27-hiding");
    await withLab({ addresses: [edgeAt.address, agentsSide.address] }, async (lab) => {
      const base = draft({ sarah: { uri: `sip:${agentAt}:5080` } }, [toAgent(0, "sarah")]) as {
        network: object;
      };
      const tcp = engine === "5.6" ? { carrier: { tcp: false } } : {};
      const network = { ...base.network, ...tcp };
      if (engine === "5.6") Object.assign(network, { agents: { address: agentsSide.address, tcp: false } });
      await startEdge(lab, { ...base, engine, network });
      const telephone = async (address: string, user: string, playHz: number): Promise<Phone> =>
        phone({
          launcher: await lab.host(address),
          tools: lab.tools,
          dir: join(lab.dir, user),
          name: user,
          address,
          port: address === agentAt ? 5080 : 5060,
          user,
          playHz,
        });
      const agent = await telephone(agentAt, "sarah-inside", 1100);
      const caller = await telephone(callerAt, "office-caller", 700);
      const hosts = [callerAt, agentAt];
      const wires = await Promise.all(hosts.map(async (at) => capture(lab, "udp", await lab.host(at))));
      expect(await caller.dial(dial(0))).toMatchObject({ answered: true });
      // A report goes out every five seconds (section 6.2).
      await sleep(7000);
      expect([caller.heard(1100).heard, agent.heard(700).heard]).toEqual([true, true]);
      caller.hangUp();
      await caller.ended(3000);
      for (const [i, wire] of wires.entries()) {
        const packets = (await wire.stop()).filter((p) => p.destination === hosts[i]);
        const reports = packets.filter(
          (p) => (p.payload[0] ?? 0) >> 6 === 2 && [200, 201].includes(p.payload[1] ?? 0),
        );
        expect(reports.length).toBeGreaterThan(0);
        const other = i === 0 ? [agentAt, "sarah-inside"] : [callerAt, "office-caller"];
        const telling = reports.filter((p) => other.some((word) => p.payload.includes(word)));
        expect(telling.map((p) => p.payload.toString("latin1"))).toEqual([]);
      }
    });
  }, 60_000);
});
