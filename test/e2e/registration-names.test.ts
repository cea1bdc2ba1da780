/** A registrar that is a host name: its address is learned from its answers, and calls over the registration come from there. */
import { expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, withLab } from "../lab/netns.ts";
import { agentSink } from "./kit/agent.ts";
import { accepts, registrar } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { statusOf, unique } from "./kit/message.ts";
import { everyName, type Names, nameServer } from "./kit/names.ts";
import { sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const registrarAt = "203.0.113.60";
const elsewhere = "203.0.113.61";

/** A lab with a name server, and an edge that registers trunk `acme` at `provider.example`. */
async function withNames(
  seconds: number,
  use: (lab: Lab, start: () => Promise<Edge>, names: Names) => Promise<void>,
): Promise<void> {
  const addresses = [edgeAt.address, agentsSide.address, "10.0.4.10", registrarAt, elsewhere];
  await withLab({ addresses }, async (lab) => {
    const names = await nameServer(lab, everyName(registrarAt), seconds);
    const start = () =>
      startEdge(
        lab,
        {
          network: {
            public_ip: edgeAt.address,
            agents: { address: agentsSide.address },
            rtp: [30000, 30999],
          },
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
    await use(lab, start, names);
  });
}

test("is registered with, and calls our Contact from the address that answers, and from no other", async () => {
  await withNames(60, async (lab, start) => {
    const kept = registrar();
    const provider = await sipServer(lab, registrarAt, 5060, kept, accepts());
    const stranger = await sipServer(lab, elsewhere, 5060, accepts());
    const edge = await start();
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
    await edge.stop();
  });
}, 90_000);

test("is registered with where it was last while nobody knows its name", async () => {
  await withNames(2, async (lab, start, names) => {
    // Asked for anew after six seconds, when the name is no longer known.
    const provider = await sipServer(lab, registrarAt, 5060, registrar({ grants: 12 }), accepts());
    const edge = await start();
    await expect.poll(() => edge.records("registered"), { timeout: 20_000 }).toHaveLength(1);
    names.silent = true;
    const before = provider.requests("REGISTER").length;
    await expect.poll(() => provider.requests("REGISTER").length, { timeout: 40_000 }).toBe(before + 3);
    expect(edge.records("not_registered")).toEqual([]);
    expect(edge.records("registered")).toHaveLength(1);
    names.silent = false;
    await expect.poll(() => provider.requests("REGISTER").length, { timeout: 20_000 }).toBe(before + 5);
    expect(edge.records("not_registered")).toEqual([]);
    await provider.close();
    await edge.stop();
  });
}, 120_000);
