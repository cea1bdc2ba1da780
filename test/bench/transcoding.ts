/** CPU of a transcoded call beside one that passes: the same calls with audio both ways, alternating in one run. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sippAgent, sippCall } from "../../src/phone/sipp.ts";
import { caller as callerScenario } from "../../src/phone/sipp-caller.ts";
import { codecs } from "../../src/phone/sipp-xml.ts";
import { capture, rtpStreams } from "../lab/capture.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { muLawTone } from "../lab/g711.ts";
import { type Lab, withLab } from "../lab/netns.ts";
import { callee, caller, edgeAddress } from "./calls.ts";
import { cpuMicroseconds, median } from "./cpu.ts";

const rounds = 5;
/** Calls at a time, and how long each has audio. */
const load = { calls: 8, talkMs: 6000 };

/** What the agent speaks; the caller has PCMU and sends a tone, which the agent sends back. */
const kinds = [
  { id: "pass", agent: "PCMU", sdp: codecs.pcmu },
  { id: "alaw", agent: "PCMA", sdp: codecs.pcma },
  { id: "g722", agent: "G722", sdp: codecs.g722 },
  { id: "opus", agent: "opus", sdp: codecs.opus },
] as const;

const port = (i: number): number => 5080 + 2 * i;
const number = (i: number): string => `+1415555111${i}`;

const draft = {
  trunks: [
    {
      crew_id: "acme",
      agents: Object.fromEntries(
        kinds.map((k, i) => [k.id, { uri: `sip:${callee}:${port(i)}`, codecs: [k.agent] }]),
      ),
      sip: {
        auth: { type: "ip_allowlist", allowed_ips: [caller] },
        inbound_routes: kinds.map((k, i) => ({ match: { to_uri: number(i) }, agent_id: k.id })),
        codecs: [{ name: "PCMU" }],
      },
    },
  ],
  network: { public_ip: edgeAddress, agents: { address: "127.0.0.11" }, rtp: [30000, 39999] },
};

export async function benchTranscoding(print: (line: string) => void): Promise<void> {
  await withLab({ lifeMs: 30 * 60_000 }, async (lab) => {
    const edge = await startEdge(lab, draft);
    const play = join(lab.dir, "tone.ul");
    writeFileSync(play, muLawTone(700, load.talkMs + 2000));
    for (const [i, kind] of kinds.entries())
      await sippAgent(
        {
          ...{ launcher: lab, tools: lab.tools, dir: join(lab.dir, kind.id), name: kind.id, trace: false },
          ...{ address: callee, port: port(i), rtpPort: 16_000 + 1000 * i, echo: true },
        },
        { sdp: { codecs: [kind.sdp] } },
      );
    for (const i of kinds.keys()) await echoes(lab, i, play);
    const cost = kinds.map((): number[] => []);
    for (let round = 0; round < rounds; round++)
      for (const i of kinds.keys()) cost[i]?.push(await talk(lab, edge, i, play));
    const [passed = []] = cost;
    print(`${load.calls} calls at a time with audio both ways, edge and media relay`);
    for (const [i, kind] of kinds.entries()) {
      const own = cost[i] ?? [];
      const ratio = median(own.map((c, round) => c / (passed[round] ?? Number.NaN)));
      print(
        `PCMU to ${kind.agent.padEnd(5)} ${median(own).toFixed(0).padStart(6)} µs CPU a call and second   [${own.map((c) => c.toFixed(0)).join(" ")}]   ${ratio.toFixed(1)} × the one that passes`,
      );
    }
  });
}

const run = (lab: Lab) => ({
  ...{ launcher: lab, tools: lab.tools, dir: join(lab.dir, "caller"), name: "caller", trace: false },
  ...{ address: caller, port: 5070, rtpPort: 24_000, remote: `${edgeAddress}:5060` },
});

/** One call, not measured; throws where the caller does not hear itself. */
async function echoes(lab: Lab, i: number, play: string): Promise<void> {
  const wire = await capture(lab, `udp and dst host ${caller} and dst portrange 24000-24998`);
  await sippCall(run(lab), callerScenario({ to: number(i), talkMs: 1500, play }));
  if (!rtpStreams(await wire.stop()).some((stream) => stream.heard(700).heard))
    throw new Error(`nothing comes back from the agent with ${kinds[i]?.agent}`);
}

/** Microseconds of CPU for a second of a call; throws where a call failed. */
async function talk(lab: Lab, edge: Edge, i: number, play: string): Promise<number> {
  const before = cpuMicroseconds(edge.folder);
  const result = await sippCall(
    { ...run(lab), calls: load.calls, rate: 50, atOnce: load.calls },
    callerScenario({ to: number(i), talkMs: load.talkMs, play }),
  );
  const after = cpuMicroseconds(edge.folder);
  if (result.ok !== load.calls)
    throw new Error(`calls failed: ${JSON.stringify(result.codes)} ${result.errors}`);
  return (after - before) / load.calls / (load.talkMs / 1000);
}
