/** What the compiler says is what the wire does: random configs, the same calls to `decide` and to a real edge. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineLine } from "../../src/model/model.ts";
import { headerValues } from "../../src/phone/message.ts";
import { decide, type InboundCall } from "../../src/simulate/decide.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { type CallDraft, type Condition, call, country, routes } from "../simulate/random.ts";
import { type Agent, agentSink, refuses } from "./kit/agent.ts";
import { request, statusOf, unique, uriOf } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { addresses, agentsSide, edgeAt } from "./kit/world.ts";

const trunksOfEdge = 25;
const callsOfTrunk = 12;
const source = (n: number): string => `198.18.0.${n + 1}`;

const exact: readonly Condition[] = ["to_user", "to_uri"];
const numbers: readonly Condition[] = [...exact, "to_prefix", "caller", "caller_prefix"];
const all: readonly Condition[] = [...numbers, "to_pattern", "header", "hours", "not_hours"];

/** Edges of different scripts. */
const edges: readonly (readonly [string, EngineLine, readonly Condition[]])[] = [
  ["numbers and users", "6.1", exact],
  ["prefixes and callers", "6.1", numbers],
  ["patterns", "6.1", [...exact, "to_pattern"]],
  ["headers", "6.1", [...numbers, "header"]],
  ["hours", "6.1", ["to_uri", "hours", "not_hours"]],
  ["all conditions", "6.1", all],
  ["all conditions", "6.0", all],
  ["all conditions", "5.6", all],
];

let lab: Lab;
let agent: Agent;
let parties: readonly Party[];
beforeAll(async () => {
  const own = Array.from({ length: trunksOfEdge }, (_, n) => source(n));
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, addresses.agent, ...own] });
  agent = await agentSink(lab, addresses.agent, 5080, agentsSide);
  agent.answerWith(refuses("503 Service Unavailable"));
  parties = await Promise.all(own.map((address) => party(lab, address, 5060, edgeAt)));
});
afterAll(async () => {
  await agent.close();
  await lab.close();
});

const agents = Object.fromEntries(
  Array.from({ length: 12 }, (_, i) => [`a${i}`, `b${i}`])
    .flat()
    .map((id) => [id, { uri: `sip:${addresses.agent}:5080` }]),
);

function draft(engine: EngineLine, kinds: readonly Condition[], seed: number): object {
  const drawn = fc.sample(fc.tuple(routes(kinds), country), { seed, numRuns: trunksOfEdge });
  return {
    name: "edge-1",
    engine,
    network: {
      public_ip: edgeAt.address,
      carrier: { udp: edgeAt.port },
      agents: { address: agentsSide.address, udp: agentsSide.port },
      rtp: [20000, 49999],
    },
    trunks: drawn.map(([inbound_routes, country], n) => ({
      crew_id: `t${n}`,
      agents,
      ...(country === undefined ? {} : { country }),
      sip: { auth: { type: "ip_allowlist", allowed_ips: [source(n)] }, inbound_routes },
    })),
  };
}

interface Outcome {
  readonly asked: readonly string[];
  readonly called: string;
  readonly code: number;
  readonly reason: string;
}

function expected(edge: Edge, trunk: string, c: CallDraft): Outcome {
  const { user, to, from } = c;
  const known: InboundCall = {
    trunk,
    ...(user === "" ? {} : { user }),
    ...(to === "" ? {} : { to }),
    ...(from === "" ? {} : { from }),
    headers: c.headers.map((line) => {
      const at = line.indexOf(":");
      return { name: line.slice(0, at).trim(), value: line.slice(at + 1) };
    }),
    time: Math.floor(Date.now() / 1000),
  };
  const { route, called, destinations } = decide(edge.model, known);
  const asked = destinations.flatMap((d) => (d.type === "agent" ? [d.agent] : []));
  const last = destinations.at(-1);
  const end =
    route === undefined
      ? { code: 404, reason: "Not Found" }
      : last?.type === "refuse"
        ? { code: last.code, reason: last.reason }
        : { code: 480, reason: "No Agent Available" };
  return { asked, called: asked.length > 0 ? called : "", ...end };
}

async function seen(caller: Party, c: CallDraft): Promise<Outcome> {
  const callId = unique("call");
  const host = edgeAt.address;
  const uri = (user: string) => `sip:${user === "" ? "" : `${user}@`}${host}`;
  const here = `${caller.at.address}:${caller.at.port}`;
  const from = c.from === "" ? { From: [`From: <sip:${here}>;tag=${unique("f")}`] } : {};
  const final = await caller.ask(
    request({
      at: caller.at,
      uri: uri(c.user),
      to: `<${uri(c.to)}>`,
      from: c.from,
      callId,
      headers: c.headers,
      instead: from,
    }),
    20_000,
  );
  const got = agent.requests("INVITE").filter((m) => headerValues(m, "X-Crew-Call-ID")[0] === callId);
  return {
    asked: got.map((m) => headerValues(m, "X-Crew-Agent")[0] ?? ""),
    called: /^sip:(.*)@/.exec(uriOf(got[0] ?? ""))?.[1] ?? "",
    code: statusOf(final),
    reason: /^SIP\/2\.0 \d+ (.*)\r\n/.exec(final)?.[1] ?? "",
  };
}

describe.each(edges.map(([name, line, kinds], i) => ({ name, line, kinds, seed: 100 + i })))(
  "$name on line $line",
  ({ line, kinds, seed }) => {
    test("goes where decide says", async () => {
      const edge = await startEdge(lab, draft(line, kinds, seed), { name: `edge-${seed}` });
      const ends = { agent: 0, refusal: 0, none: 0 };
      const wrong: object[] = [];
      const one = async (n: number): Promise<void> => {
        const trunk = `t${n}`;
        for (const c of fc.sample(call(trunk), { seed: seed * 1000 + n, numRuns: callsOfTrunk })) {
          let before: Outcome;
          let got: Outcome;
          // Between two minutes both answers may be right.
          do {
            before = expected(edge, trunk, c);
            got = await seen(parties[n] as Party, c);
          } while (JSON.stringify(before) !== JSON.stringify(expected(edge, trunk, c)));
          ends[got.code === 480 ? "agent" : got.code === 404 ? "none" : "refusal"]++;
          if (JSON.stringify(got) !== JSON.stringify(before))
            wrong.push({
              call: c,
              decided: before,
              got,
              routes: edge.model.trunks
                .find((t) => t.id === trunk)
                ?.routes.map((r) => JSON.stringify(r.match)),
              country: edge.model.trunks.find((t) => t.id === trunk)?.number_plan?.country,
            });
        }
      };
      for (let n = 0; n < trunksOfEdge; n += 5)
        await Promise.all(Array.from({ length: 5 }, (_, i) => one(n + i)));
      expect(wrong.slice(0, 3)).toEqual([]);
      expect(wrong).toHaveLength(0);
      // Nothing was compared where all calls end in the same way.
      for (const count of Object.values(ends)) expect(count).toBeGreaterThan(5);
      await edge.stop();
    }, 120_000);
  },
);
