/** An edge that crew deploys inside a lab, and the calls that show whether it serves. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import type { StatusReport } from "../../src/deploy/status.ts";
import { enginesDirectory } from "../../src/host/root-spec.ts";
import type { Running } from "../../src/phone/process.ts";
import { type SippResult, sippAgent, sippCall } from "../../src/phone/sipp.ts";
import type { Callee } from "../../src/phone/sipp-callee.ts";
import { caller } from "../../src/phone/sipp-caller.ts";
import { labEngine } from "../lab/edge.ts";
import { type Lab, type LabOptions, openLab } from "../lab/netns.ts";

// A test here is several runs of the whole program, beside whatever else the machine has to do.
vi.setConfig({ testTimeout: 180_000 });

const phoneAddress = "127.0.0.2";
const agentAddress = "127.0.0.3";
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
  /** `data` of `--output json`. */
  readonly data: unknown;
  readonly codes: readonly string[];
}

export interface DeployLab {
  readonly lab: Lab;
  readonly state: string;
  /** Writes the config; each number is a route of its own to the same agent. */
  configure(
    numbers: readonly string[],
    sip?: Readonly<Record<string, unknown>>,
    edge?: Readonly<Record<string, unknown>>,
  ): void;
  /** Runs a verb with `--output json`; `prefix` are words before the command. */
  crew(
    verb: string,
    args?: readonly string[],
    env?: Readonly<Record<string, string>>,
    prefix?: readonly string[],
  ): Promise<Outcome>;
  /** `crew deploy --yes` to its end. */
  deploy(env?: Readonly<Record<string, string>>, prefix?: readonly string[]): Promise<Outcome>;
  /** Starts a deployment without waiting for its end. */
  startDeploy(): Promise<Running>;
  status(): Promise<StatusReport>;
  /** Places a call, or several: all at once, or so many in a second. */
  call(
    number: string,
    talkMs?: number,
    load?: { readonly calls: number; readonly rate?: number },
  ): Promise<SippResult>;
  log(name: string): string;
  close(): Promise<void>;
}

/** A lab with an agent that answers, at once if nothing else is said; nothing is deployed yet. */
export async function openDeployLab(options: LabOptions = {}, agent: Callee = {}): Promise<DeployLab> {
  await labEngine();
  const lab = await openLab({ lifeMs: 1_200_000, ...options });
  const dir = join(lab.dir, "sipp");
  mkdirSync(dir, { recursive: true });
  const as = (name: string, address: string) => ({ launcher: lab, tools: lab.tools, dir, name, address });
  await sippAgent({ ...as("agent", agentAddress), port: 5080, trace: false }, agent);
  const config = join(lab.dir, "crew.config.json");
  const state = join(lab.dir, "state");
  const node = [process.execPath, "--import", import.meta.resolve("tsx"), main];
  const env = { CREW_ENGINE_DIR: enginesDirectory(process.env) };
  let calls = 0;

  const crew: DeployLab["crew"] = async (verb, args = [], more = {}, prefix = []) => {
    const words = [
      ...prefix,
      ...node,
      verb,
      ...(verb === "deploy" ? [config] : []),
      ...args,
      ...(args.includes("--state") ? [] : ["--state", state]),
      "--output",
      "json",
    ];
    const { code, output } = await lab.exec(words, { env: { ...env, ...more }, ms: 120_000 });
    const json = output.slice(Math.max(0, output.search(/^\{$/m)), output.search(/^\}$/m) + 1);
    const document =
      json === "" ? undefined : (JSON.parse(json) as { data: unknown; diagnostics: { code: string }[] });
    return { code, output, data: document?.data, codes: document?.diagnostics.map((d) => d.code) ?? [] };
  };
  return {
    lab,
    state,
    crew,
    configure(numbers, sip = {}, edge = {}) {
      const inbound_routes = numbers.map((to_uri) => ({ match: { to_uri }, agent_id: "sarah" }));
      const trunk = {
        crew_id: "test",
        agents: { sarah: { uri: `sip:${agentAddress}:5080` } },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: [phoneAddress] },
          inbound_routes,
          codecs: [{ name: "PCMU", priority: 1 }],
          ...sip,
        },
      };
      const network = { public_ip: "127.0.0.1", agents: { address: "127.0.0.1", udp: 5080 } };
      const more = { network: { ...network, ...(edge.network as object | undefined) } };
      writeFileSync(config, JSON.stringify({ name: "test", trunks: [trunk], ...edge, ...more }));
    },
    deploy: (more, prefix) => crew("deploy", ["--yes"], more, prefix),
    startDeploy: () => lab.spawn("deploy", [...node, "deploy", config, "--yes", "--state", state], { env }),
    status: async () => (await crew("status")).data as StatusReport,
    call(number, talkMs = 100, load = { calls: 1 }) {
      calls += 1;
      const port = 5060 + (calls % 400);
      const o = { ...as(`call${calls}`, phoneAddress), port, rtpPort: 20_000 + 8 * calls, receiveMs: 8000 };
      const all = { rate: load.calls * 10, ...load, atOnce: load.calls };
      return sippCall({ ...o, ...all, remote: "127.0.0.1:5060" }, caller({ to: number, talkMs }));
    },
    log: (name) => readFileSync(join(state, "log", name), "utf8"),
    close: () => lab.close(),
  };
}

/** Processes of the lab whose command line matches, by process group. */
export async function groups(lab: Lab, pattern: RegExp): Promise<ReadonlyMap<number, readonly number[]>> {
  const { output } = await lab.exec(["ps", "axo", "pid=,pgid=,stat=,args="]);
  const found = new Map<number, number[]>();
  for (const line of output.split("\n")) {
    const [, pid, group, state = "", args = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || state.startsWith("Z") || !pattern.test(args)) continue;
    found.set(Number(group), [...(found.get(Number(group)) ?? []), Number(pid)]);
  }
  return found;
}

/** Kills Kamailio with all its workers, which would keep its port. */
export async function killKamailio(lab: Lab): Promise<void> {
  const pids = [...(await groups(lab, /--argv0 kamailio /)).keys()];
  const { code, output } = await lab.exec(["kill", "-9", "--", ...pids.map((pid) => `-${pid}`)]);
  if (code !== 0) throw new Error(output);
}

/** Everything that belongs to the edge, the daemons and those who keep them. */
export const edgeProcesses =
  /--argv0 (kamailio|rtpengine|s6-supervise)|deploy\/guard\.ts|lib\/guard\.js|guard\.mjs/;
