/** The BYEs that end a call, sent as the guard does: every direction, behind NAT, after a challenge, and on every engine line. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { challenges } from "./kit/challenges.ts";
import { endable, endCall, labelled } from "./kit/end-call.ts";
import { statusOf, unique } from "./kit/message.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const [pbxAt, carrierAt, agentAt] = ["203.0.113.10", "203.0.113.50", "10.0.4.10"] as const;
const password = "s3cret";

describe.each(["6.1", "6.0", "5.6"] as const)("engine line %s", (engine) => {
  /** Where media addresses may be learned. */
  const learns = engine === "6.1";
  let lab: Lab;
  let edge: Edge;
  let pbx: Server;
  let carrier: Server;
  let agent: Server;

  beforeAll(async () => {
    lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, pbxAt, carrierAt, agentAt] });
    const agents = { sarah: { uri: `sip:${agentAt}:5080` } };
    const auth = { username: "acme", password: { secret: "P" } };
    edge = await startEdge(
      lab,
      {
        engine,
        network: {
          public_ip: edgeAt.address,
          carrier: { udp: 5060, tcp: false },
          agents: { address: agentsSide.address, udp: 5080, tcp: false },
          rtp: [30000, 30999],
        },
        trunks: [
          {
            crew_id: "pbx",
            agents,
            sip: {
              auth: { type: "ip_allowlist", allowed_ips: [pbxAt] },
              inbound_routes: [
                { match: { to_uri: "+14155551111" }, agent_id: "sarah" },
                { match: { to_uri: "+14155552222" }, forward: { number: "+14155550177", via: "acme" } },
              ],
              codecs: [{ name: "PCMU" }],
              ...(learns ? { nat: true } : {}),
            },
            limits: { calls: 5, call_minutes: 2 },
          },
          {
            crew_id: "acme",
            agents,
            sip: {
              outbound: {
                uri: `sip:${carrierAt}`,
                auth,
                allowed_destinations: ["+1"],
                caller_id: "+14155551234",
              },
              codecs: [{ name: "PCMU" }],
            },
            limits: { media_timeout: 20, call_minutes: 1 },
          },
        ],
      },
      { ...endable, passwords: [{ trunk: "acme", password }] },
    );
    pbx = await sipServer(lab, pbxAt, 5060, accepts());
    carrier = await sipServer(
      lab,
      carrierAt,
      5060,
      challenges({ realm: "provider.example", users: { acme: password }, methods: ["INVITE"] }),
      accepts(),
    );
    agent = await sipServer(lab, agentAt, 5080, accepts());
  }, 600_000);
  afterAll(async () => {
    for (const party of [pbx, carrier, agent]) await party?.close();
    await edge?.stop();
    await lab?.close();
  });

  /** A call that is up: its Call-ID at the caller, and at the callee and the relay. */
  async function call(from: Server, to: Server, uri: string, more: object = {}) {
    const side = from === agent ? agentsSide : edgeAt;
    const invite = from.make({ uri, callId: `${unique()}@${from.at.address}`, ...more });
    const before = to.requests("ACK").length;
    const answer = await from.ask(invite, 5000, side);
    expect(statusOf(answer)).toBe(200);
    const dialog = dialogOf(invite, answer);
    await from.send(within(from, dialog, "ACK"), side);
    await expect.poll(() => to.requests("ACK").length).toBeGreaterThan(before);
    const got = to.requests("INVITE").at(-1) ?? "";
    return { dialog, id: headerValues(got, "Call-ID")[0] ?? "" };
  }

  const byesAt = (server: Server, callId: string): readonly string[] =>
    server.requests("BYE").filter((bye) => headerValues(bye, "Call-ID")[0] === callId);
  const cseq = (text: string): number => Number.parseInt(headerValues(text, "CSeq")[0] ?? "", 10);

  async function isOver(id: string, trunk: string): Promise<void> {
    await expect
      .poll(() => edge.records("ended").filter((r) => r.call === id), soon)
      .toMatchObject([{ trunk, by: "edge", reason: "call_minutes" }]);
    expect(await labelled(lab, id)).toBeUndefined();
  }

  test("a call to an agent", async () => {
    const made = await call(pbx, agent, `sip:+14155551111@${edgeAt.address}`);
    expect(await endCall(lab, made.id)).toEqual([200, 200]);
    expect(byesAt(agent, made.id)).toHaveLength(1);
    expect(byesAt(pbx, made.dialog.callId)).toHaveLength(1);
    await isOver(made.id, "pbx");
  });

  test("a call of an agent, whose carrier has seen one request more", async () => {
    const made = await call(agent, carrier, `sip:+14155550123@${agentsSide.address}:5080`, { from: "sarah" });
    expect(await endCall(lab, made.id)).toEqual([200, 200]);
    const [theirs = ""] = byesAt(carrier, made.id);
    const [ours = ""] = byesAt(agent, made.dialog.callId);
    const before = carrier.requests("INVITE").map(cseq);
    for (const bye of [theirs, ours]) {
      expect(cseq(bye)).toBeGreaterThan(Math.max(...before));
      expect(cseq(bye)).toBeLessThan(2 ** 31);
    }
    expect(theirs).not.toMatch(/10\.0\.4\.|127\.0\.0\.1|X-Crew/);
    expect(ours).not.toMatch(/203\.0\.113\.|127\.0\.0\.1|X-Crew/);
    await isOver(made.id, "acme");
  });

  test("a call that is forwarded, by the shorter time of both trunks", async () => {
    const made = await call(pbx, carrier, `sip:+14155552222@${edgeAt.address}`);
    const found = await labelled(lab, made.id);
    const started = Number(found?.claim.split(".")[2]) * 1000;
    expect((found?.until ?? 0) - started).toBe(60_000);
    expect(await endCall(lab, made.id)).toEqual([200, 200]);
    expect(byesAt(carrier, made.id)).toHaveLength(1);
    expect(byesAt(pbx, made.dialog.callId)).toHaveLength(1);
    await isOver(made.id, "acme");
  });

  if (learns)
    test("a caller behind NAT, whose Contact says a private address", async () => {
      const made = await call(pbx, agent, `sip:+14155551111@${edgeAt.address}`, {
        instead: { Contact: ["Contact: <sip:pbx@192.168.1.10:5060>"] },
      });
      expect(await endCall(lab, made.id)).toEqual([200, 200]);
      expect(byesAt(pbx, made.dialog.callId)[0]).toMatch(/^BYE sip:pbx@192\.168\.1\.10:5060 /);
      await isOver(made.id, "pbx");
    });

  test("somebody who does not know the call ends none", async () => {
    const made = await call(pbx, agent, `sip:+14155551111@${edgeAt.address}`);
    const forged = await endCall(lab, made.id, (c) => ({
      ...c,
      claim: c.claim.replace(/.{8}$/, "00000000"),
    }));
    expect(forged).toEqual([481, 481]);
    expect(byesAt(agent, made.id)).toEqual([]);
    expect(await endCall(lab, made.id)).toEqual([200, 200]);
  });
});
