/** A call that is forwarded to a carrier that sends it back goes round until its Max-Forwards is used up. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts, beginsCall } from "./kit/behaviours.ts";
import { statusOf, unique } from "./kit/message.ts";
import { type Behaviour, type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const carrierAt = "203.0.113.10";
const number = "+14155552222";

let lab: Lab;
let edge: Edge;
let carrier: Server;

const hopsOf = (invite: string): number => Number(headerValues(invite, "Max-Forwards")[0]);

/** The carrier forwards each call to the edge's number, and answers as that call was answered. */
const sendsBack: Behaviour = async function* (turn, next) {
  if (!beginsCall(turn)) return yield* next();
  const back = carrier.make({
    uri: `sip:${number}@${edgeAt.address}`,
    callId: unique("round"),
    maxForwards: hopsOf(turn.request) - 1,
  });
  const answer = await carrier.ask(back, 20_000, edgeAt);
  yield turn.reply((answer.split("\r\n")[0] ?? "").replace("SIP/2.0 ", ""));
};

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, carrierAt] });
  edge = await startEdge(lab, {
    network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
    trunks: [
      {
        crew_id: "acme",
        country: "US",
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: [carrierAt] },
          inbound_routes: [{ match: { to_uri: number }, forward: { number, via: "acme" } }],
          outbound: { uri: `sip:${carrierAt}`, allowed_destinations: ["+1"], caller_id: "+14155551234" },
        },
      },
    ],
  });
  carrier = await sipServer(lab, carrierAt, 5060, sendsBack, accepts());
}, 300_000);
afterAll(async () => {
  await carrier?.close();
  await edge?.stop();
  await lab?.close();
});

test("each round has fewer hops than the one before, and the last is refused", async () => {
  shows("behaviour/10-loop");
  const invite = carrier.make({
    uri: `sip:${number}@${edgeAt.address}`,
    callId: unique("first"),
    maxForwards: 16,
  });
  expect(statusOf(await carrier.ask(invite, 20_000, edgeAt))).toBe(483);
  // The edge takes one, and the carrier another.
  expect(carrier.requests("INVITE").map(hopsOf)).toEqual([15, 13, 11, 9, 7, 5, 3, 1]);
  expect(edge.records("refused").map((r) => r.code)).toEqual([483]);
}, 60_000);
