/** An Asterisk as the carrier of agents' calls that asks for a password: re-INVITE, UPDATE and BYE across a swap and kills. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { sippCall } from "../../src/phone/sipp.ts";
import type { Asterisk } from "../lab/asterisk.ts";
import { capture, rtpStreams } from "../lab/capture.ts";
import { type Edge, type EdgeOptions, soon, startEdge } from "../lab/edge.ts";
import { muLawTone } from "../lab/g711.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { providerHz, startProvider } from "../lab/provider.ts";
import { refreshing } from "./timed-sipp.ts";

const edgeAt = "198.51.100.7";
const agentsSide = "10.0.4.1";
const agentAt = "10.0.4.10";
const providerAt = "203.0.113.50";
const keys = { topology: "1".repeat(32), route: "2".repeat(32), nonce: "3".repeat(32) };
const password = "s3;cret";
/** Asterisk knows its customer by the number. */
const account = "+14155550199";

let lab: Lab;
let edge: Edge;
let generation = 1;
let provider: Asterisk;

const start = (more: EdgeOptions = {}): Promise<Edge> =>
  startEdge(
    lab,
    {
      network: { public_ip: edgeAt, agents: { address: agentsSide }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "acme",
          agents: { agent_sarah: { uri: `sip:${agentAt}:5080` } },
          sip: {
            outbound: {
              uri: `sip:${providerAt}:5060`,
              auth: { username: account, password: { secret: "P" }, realm: "provider.example.com" },
              caller_id: account,
              allowed_destinations: ["+1"],
            },
          },
        },
      ],
    },
    {
      keys,
      generation,
      name: `generation-${generation}`,
      passwords: [{ trunk: "acme", password }],
      ...more,
    },
  );

async function swap(): Promise<void> {
  generation += 1;
  const before = edge;
  edge = await start({ relay: false, predecessorPort: 7000 + generation });
  await before.kamailio.stop();
}

async function crash(): Promise<void> {
  const { code, output } = await lab.exec(["sh", "-c", `kill -9 -${edge.kamailio.pid}`]);
  if (code !== 0) throw new Error(output);
  await edge.kamailio.exited;
  edge = await start({ relay: false });
}

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt, agentsSide] });
  edge = await start();
  provider = await startProvider(lab, "provider", {
    address: providerAt,
    users: { [account]: { password, endpoint: ["timers=always", "timers_sess_expires=90"] } },
    algorithms: ["SHA-256", "MD5"],
  });
});
afterAll(() => lab?.close());

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test.each(["INVITE", "UPDATE"] as const)(
  "an agent refreshes by %s: the carrier has no number twice or lower, and both are heard to the end",
  async (method) => {
    const from = provider.messages().length;
    const at = await lab.host(agentAt);
    const play = join(lab.dir, "agent.ul");
    writeFileSync(play, muLawTone(1100, 20_000));
    const wire = await capture(lab, `udp and dst host ${agentAt} and dst portrange 16000-16998`, at);
    const scenario = refreshing({
      to: "+14155550002",
      method,
      expires: 90,
      everySeconds: 2,
      seconds: 8,
      play,
    });
    const run = { launcher: at, tools: lab.tools, dir: join(lab.dir, method), name: method };
    const where = { address: agentAt, port: 5080, remote: `${agentsSide}:5080` };
    const running = sippCall({ ...run, ...where, receiveMs: 10_000 }, scenario);
    await provider.incoming(5000);
    for (const change of [crash, swap, crash]) {
      await sleep(1000);
      await change();
    }
    const result = await running;
    expect(result).toMatchObject({ ok: 1, failed: 0, errors: "" });
    const heard = rtpStreams(await wire.stop()).map((s) => s.heard(providerHz).ms);
    expect(Math.max(0, ...heard)).toBeGreaterThan(7000);
    await expect.poll(() => provider.lastHeard(1100).ms, soon).toBeGreaterThan(7000);
    const got = provider
      .messages()
      .slice(from)
      .filter((m) => m.direction === "received" && /^(INVITE|UPDATE|BYE) /.test(m.text));
    expect(got.map((m) => m.text.split(" ")[0])).toEqual(["INVITE", "INVITE", method, method, method, "BYE"]);
    const numbers = got.map((m) => Number.parseInt(headerValues(m.text, "CSeq")[0] ?? "", 10));
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(messagesOf(provider.messages().slice(from), 500)).toEqual([]);
    await expect.poll(() => edge.records("ended").at(-1), soon).toMatchObject({ trunk: "acme", by: "agent" });
  },
  60_000,
);
