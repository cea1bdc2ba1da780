/** Six generations of changed logic side by side, started without the deployer: what each passes on to the one before. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { everyKind, type Kind } from "./call-kinds.ts";
import { changedEdge, startKindAgents, startLoad, table } from "./call-load.ts";
import { agentsSide, edgeAt, relaySessions, sleep } from "./call-world.ts";
import { ha1Of } from "./kit/digest.ts";

const agentHost = "10.0.4.10";
const generations = 6;
const keys = { topology: "1".repeat(32), route: "2".repeat(32), nonce: "3".repeat(32) };
const credentials = { trunk: "branch", username: "branch", realm: "branch" };

/** As many calls in ten seconds as they are in twenty: ringing of 20 s would outlast the generations. */
const kinds: readonly Kind[] = everyKind.map((kind) =>
  kind.name === "rings 20 s" ? { ...kind, name: "rings 10 s", callee: { ringMs: 10_000 } } : kind,
);

let lab: Lab;
const edges: Edge[] = [];

/** Every other generation has a trunk with a password, and with it another script from the first line on. */
function start(n: number): Promise<Edge> {
  const digest = {
    crew_id: "branch",
    agents: { only: { uri: `sip:${agentHost}:5080` } },
    sip: {
      auth: {
        type: "digest",
        username: "branch",
        realm: "branch",
        algorithm: "MD5",
        password: { secret: "B" },
      },
      inbound_routes: [{ match: { to_user: "main" }, agent_id: "only" }],
    },
  };
  const odd = n % 2 === 1;
  return startEdge(lab, changedEdge(n, agentHost, odd ? digest : undefined), {
    name: `generation-${n}`,
    generation: n,
    handoverPort: 7100 + n,
    keys,
    relay: n === 1,
    digests: odd ? [{ ...credentials, ha1: ha1Of("branch", "branch", "secret") }] : [],
    ...(n === 1 ? {} : { predecessorPort: 7100 + n - 1 }),
  });
}

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address] });
  edges.push(await start(1));
  await startKindAgents(lab, kinds, agentHost);
});
afterAll(() => lab.close());

test("no call fails, and each generation gets calls", async () => {
  const load = await startLoad(lab, kinds, "203.0.113.10");
  for (let n = 2; n <= generations; n++) {
    await sleep(2500);
    edges.push(await start(n));
  }
  await sleep(2000);
  const outcomes = await load.finish();
  console.log(`${generations} generations\n${table(outcomes)}`);
  expect(outcomes.filter((o) => o.asWanted !== o.calls)).toEqual([]);
  for (const edge of edges) expect(edge.records("answered").length).toBeGreaterThan(10);
  expect(await relaySessions(lab)).toEqual([]);
}, 120_000);
