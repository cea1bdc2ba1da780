/** Two generations at once: both are answered by the registrar, there is one Contact, and nobody signs off. */
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { withLab } from "../lab/netns.ts";
import { agentSink } from "./kit/agent.ts";
import { accepts, registrar } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { challenges } from "./kit/challenges.ts";
import { statusOf, unique } from "./kit/message.ts";
import { sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const providerAt = "203.0.113.50";
const patience = { timeout: 20_000, interval: 50 } as const;

test("the next generation registers the same Contact while the one before it goes on", async () => {
  const addresses = [edgeAt.address, agentsSide.address, "10.0.4.10", providerAt];
  await withLab({ addresses }, async (lab) => {
    const kept = registrar({ grants: 12 });
    const users = { acme: "secret" };
    const provider = await sipServer(
      lab,
      providerAt,
      5060,
      challenges({ realm: "provider.example", users }),
      kept,
      accepts(),
    );
    const key = () => randomBytes(16).toString("hex");
    const keys = { topology: key(), route: key(), nonce: key() };
    const start = (generation: number, more: object): Promise<Edge> =>
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
                  uri: `sip:${providerAt}`,
                  register: true,
                  auth: { username: "acme", password: { secret: "P" } },
                },
                inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }],
              },
            },
          ],
        },
        {
          name: `generation-${generation}`,
          generation,
          keys,
          passwords: [{ trunk: "acme", password: users.acme }],
          ...more,
        },
      );
    const before = await start(1, {});
    const agent = await agentSink(lab, "10.0.4.10", 5080, agentsSide);
    await expect.poll(() => before.records("registered"), patience).toHaveLength(1);
    const after = await start(2, { predecessorPort: 7002, relay: false });
    await expect.poll(() => after.records("registered"), patience).toHaveLength(1);
    const series = (): string[] => [
      ...new Set(provider.requests("REGISTER").map((r) => headerValues(r, "Call-ID")[0] ?? "")),
    ];
    const [first = "", second = ""] = series();
    const last = (callId: string): number =>
      provider.requests("REGISTER").filter((r) => headerValues(r, "Call-ID")[0] === callId).length;
    // Both are asked anew: whatever process the answers come to, each generation has its own.
    const [one, two] = [last(first), last(second)];
    await expect.poll(() => last(first), patience).toBeGreaterThanOrEqual(one + 2);
    await expect.poll(() => last(second), patience).toBeGreaterThanOrEqual(two + 2);
    expect([...before.records("not_registered"), ...after.records("not_registered")]).toEqual([]);
    expect(kept.contacts("acme")).toEqual([`sip:acme@${edgeAt.address}:5060`]);

    await before.kamailio.stop();
    expect(kept.contacts("acme")).toHaveLength(1);
    expect(provider.requests("REGISTER").flatMap((r) => headerValues(r, "Expires"))).not.toContain("0");
    // The old relay goes on under the new generation.
    const invite = provider.make({
      uri: `sip:acme@${edgeAt.address}:5060`,
      to: "<sip:main@provider.example>",
      callId: unique("gen"),
    });
    const answer = await provider.ask(invite, 4000, edgeAt);
    expect(statusOf(answer)).toBe(200);
    const dialog = dialogOf(invite, answer);
    await provider.send(within(provider, dialog, "ACK"), edgeAt);
    await agent.request("ACK", dialog.callId);
    expect(statusOf(await provider.ask(within(provider, dialog, "BYE"), 3000, edgeAt))).toBe(200);
    expect(provider.problems()).toEqual([]);
    for (const party of [provider, agent]) await party.close();
    await after.stop();
    await before.stop();
  });
}, 120_000);
