/** A registrar that is a host name: its address is learned from its answers, and calls over the registration come from there. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { startEdge } from "../lab/edge.ts";
import { withLab } from "../lab/netns.ts";
import type { UdpPeer } from "../lab/sockets.ts";
import { agentSink } from "./kit/agent.ts";
import { accepts, registrar } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { statusOf, unique } from "./kit/message.ts";
import { sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const registrarAt = "203.0.113.60";
const elsewhere = "203.0.113.61";

/** A name server that knows one address of every name, and no other record (RFC 1035 section 4). */
async function answerNames(socket: UdpPeer, address: string): Promise<void> {
  for (;;) {
    const asked = await socket.receive(600_000).catch(() => undefined);
    if (asked === undefined) return;
    const { data } = asked;
    let end = 12;
    while ((data[end] ?? 0) !== 0) end += 1 + (data[end] ?? 0);
    const question = data.subarray(12, end + 5);
    const known = question.readUInt16BE(question.length - 4) === 1;
    const head = Buffer.alloc(12);
    data.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8580, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(known ? 1 : 0, 6);
    // The name by reference, A, IN, 60 seconds, four bytes.
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split(".").map(Number)]);
    await socket.send(Buffer.concat([head, question, ...(known ? [record] : [])]), asked);
  }
}

test("is registered with, and calls our Contact from the address that answers, and from no other", async () => {
  const addresses = [edgeAt.address, agentsSide.address, "10.0.4.10", registrarAt, elsewhere];
  await withLab({ addresses }, async (lab) => {
    writeFileSync(join(lab.dir, "etc/resolv.conf"), "nameserver 127.0.0.1\n");
    const names = await lab.udp("127.0.0.1", 53);
    void answerNames(names, registrarAt);
    const kept = registrar();
    const provider = await sipServer(lab, registrarAt, 5060, kept, accepts());
    const stranger = await sipServer(lab, elsewhere, 5060, accepts());
    const edge = await startEdge(
      lab,
      {
        network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
        trunks: [
          {
            crew_id: "acme",
            country: "US",
            agents: { agent_sarah: { uri: "sip:10.0.4.10:5080" } },
            sip: {
              outbound: {
                uri: "sip:provider.example",
                register: true,
                auth: { username: "acme", password: { secret: "P" } },
              },
              inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }],
            },
          },
        ],
      },
      { passwords: [{ trunk: "acme", password: "x" }] },
    );
    const agent = await agentSink(lab, "10.0.4.10", 5080, agentsSide);
    await expect
      .poll(() => kept.contacts("acme"), { timeout: 20_000 })
      .toEqual([`sip:acme@${edgeAt.address}:5060`]);
    expect(headerValues(await provider.request("REGISTER"), "To")).toEqual(["<sip:acme@provider.example>"]);
    await expect.poll(() => edge.records("registered"), { timeout: 3000 }).toHaveLength(1);
    const uri = `sip:acme@${edgeAt.address}:5060`;
    const invite = provider.make({ uri, to: "<sip:main@provider.example>", callId: unique("name") });
    const answer = await provider.ask(invite, 4000, edgeAt);
    expect(statusOf(answer)).toBe(200);
    const dialog = dialogOf(invite, answer);
    await provider.send(within(provider, dialog, "ACK"), edgeAt);
    await agent.request("ACK", dialog.callId);
    expect(statusOf(await provider.ask(within(provider, dialog, "BYE"), 3000, edgeAt))).toBe(200);
    const other = stranger.make({ uri, to: "<sip:main@provider.example>", callId: unique("name") });
    await expect(stranger.ask(other, 500, edgeAt)).rejects.toThrow("no datagram");
    for (const party of [provider, stranger, agent]) await party.close();
    await names.close();
    await edge.stop();
  });
}, 90_000);
