/** The BYEs that end a call go to where its two sides are by then: after a change of Contact, with SDP and without. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts } from "./kit/behaviours.ts";
import { type Dialog, dialogOf, within } from "./kit/call.ts";
import { endable, endCall } from "./kit/end-call.ts";
import { sdp, statusOf, unique, uriOf } from "./kit/message.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const [carrierAt, agentAt] = ["203.0.113.10", "10.0.4.10"] as const;

describe.each([
  ["6.1", { calls: 9, call_minutes: 2 }],
  ["6.1", { call_minutes: 2 }],
  ["6.0", { calls: 9, call_minutes: 2 }],
  ["5.6", { calls: 9, call_minutes: 2 }],
] as const)("engine line %s, limits %o", (engine, limits) => {
  let lab: Lab;
  let edge: Edge;
  let carrier: Server;
  let agent: Server;

  beforeAll(async () => {
    lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, carrierAt, agentAt] });
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
            crew_id: "acme",
            agents: { sarah: { uri: `sip:${agentAt}:5080` } },
            sip: {
              auth: { type: "ip_allowlist", allowed_ips: [carrierAt] },
              inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "sarah" }],
              outbound: { uri: `sip:${carrierAt}`, allowed_destinations: ["+1"] },
            },
            limits,
          },
        ],
      },
      endable,
    );
    carrier = await sipServer(lab, carrierAt, 5060, accepts());
    agent = await sipServer(lab, agentAt, 5080, accepts());
  }, 600_000);
  afterAll(async () => {
    for (const party of [carrier, agent]) await party?.close();
    await edge?.stop();
    await lab?.close();
  });

  interface Call {
    readonly dialog: Dialog;
    readonly invite: string;
    readonly id: string;
  }
  async function call(from: Server, to: Server): Promise<Call> {
    const [side, uri] =
      from === agent
        ? [agentsSide, `sip:+14155550123@${agentsSide.address}:5080`]
        : [edgeAt, `sip:+14155551111@${edgeAt.address}`];
    const text = from.make({ callId: unique("call"), uri });
    const before = to.requests("ACK").length;
    const answer = await from.ask(text, 5000, side);
    expect(statusOf(answer)).toBe(200);
    const dialog = dialogOf(text, answer);
    await from.send(within(from, dialog, "ACK"), side);
    await to.request("ACK", before);
    const invite = to.requests("INVITE").at(-1) ?? "";
    return { dialog, invite, id: headerValues(invite, "Call-ID")[0] ?? "" };
  }

  describe.each([
    ["to an agent", () => [carrier, agent] as const],
    ["of an agent", () => [agent, carrier] as const],
  ] as const)("a call %s", (_, parties) => {
    test.each([
      ["the caller", "UPDATE", false],
      ["the caller", "UPDATE", true],
      ["the caller", "INVITE", false],
      ["the callee", "UPDATE", false],
      ["the callee", "UPDATE", true],
      ["the callee", "INVITE", false],
    ] as const)("%s has moved by %s, with an offer: %o", async (who, method, offers) => {
      const [caller, callee] = parties();
      const made = await call(caller, callee);
      const from = who === "the caller" ? caller : callee;
      const [side, host] = from === agent ? [agentsSide, agentAt] : [edgeAt, carrierAt];
      const moved = await sipServer(lab, host, 5099, accepts());
      onTestFinished(() => moved.close());
      const change = {
        instead: { Contact: [`Contact: <sip:moved@${host}:5099>`] },
        body: offers ? sdp(host, 17_500) : "",
      };
      const sent =
        from === caller
          ? within(from, made.dialog, method, change)
          : from.within(made.invite, method, change);
      const answer = await from.ask(sent, 3000, side);
      expect(statusOf(answer)).toBe(200);
      if (method === "INVITE") {
        const ack = {
          body: sdp(host, 17_500),
          cseq: Number.parseInt(headerValues(sent, "CSeq")[0] ?? "", 10),
        };
        await from.send(
          from === caller ? within(from, made.dialog, "ACK", ack) : from.within(made.invite, "ACK", ack),
          side,
        );
      }
      expect(await endCall(lab, made.id)).toEqual([200, 200]);
      const [bye = ""] = moved.requests("BYE");
      expect(uriOf(bye)).toBe(`sip:moved@${host}:5099`);
      const other = from === caller ? callee : caller;
      const ids = [made.id, made.dialog.callId];
      expect(
        other.requests("BYE").filter((b) => ids.includes(headerValues(b, "Call-ID")[0] ?? "")),
      ).toHaveLength(1);
    });
  });
});
