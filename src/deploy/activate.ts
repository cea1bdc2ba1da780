/** Switches an edge to a staged generation, proves it and commits; takes it back where anything fails. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fullDisk } from "../bundle/folder.ts";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { Model } from "../model/model.ts";
import { callRpc } from "../verify/binrpc.ts";
import { keepContacts, newKeeping } from "./contacts.ts";
import type { Edge } from "./edge.ts";
import { loadFirewall, mayLoadFirewall } from "./firewall.ts";
import { logMark, notStarted } from "./last-words.ts";
import { problems } from "./problems.ts";
import { type Echo, openEcho } from "./proof/echo.ts";
import { type Proof, prove } from "./proof/prove.ts";
import { relayGeneration, relayService, runRelay } from "./relay.ts";
import { claim, readJson, writeJson } from "./state/files.ts";
import {
  type Activation,
  currentGeneration,
  kamailioService,
  noteStatus,
  setStatus,
} from "./state/generations.ts";
import { generationPaths } from "./state/paths.ts";
import { identify, processSpace } from "./supervise/process.ts";
import type { Service } from "./supervise/scripts.ts";
import { takeBack } from "./take-back.ts";

/** Milliseconds for the whole activation, after which the guard takes it back. */
const activationTime = 90_000;
/** Milliseconds in which a proof call must get through. */
const settleWindow = 10_000;
const startTime = 15_000;

export interface ProofPlan {
  readonly token: string;
  readonly echo: Echo;
}

/** Opens the echo, whose port the new process must know before it starts. */
export async function planProof(model: Model): Promise<ProofPlan> {
  return { token: randomBytes(16).toString("hex"), echo: await openEcho(model.edge.network.agents.address) };
}

export interface ActivationOrder {
  readonly edge: Edge;
  readonly model: Model;
  readonly generation: number;
  readonly kamailio: Service;
  readonly proof: ProofPlan;
  readonly restartRelay: boolean;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export type ActivationResult =
  | { readonly outcome: "committed"; readonly proof: Proof; readonly diagnostics: readonly Diagnostic[] }
  | { readonly outcome: "rolled_back" | "not_rolled_back"; readonly diagnostics: readonly Diagnostic[] };

export async function activate(order: ActivationOrder): Promise<ActivationResult> {
  const { edge, generation, say } = order;
  const { paths } = edge;
  const previous = await currentGeneration(paths);
  const relayBefore = edge.supervisor.state(relayService).main && (await relayGeneration(paths));
  const activation: Activation = {
    generation,
    ...(previous === undefined ? {} : { previous }),
    deployer: identify(process.pid) ?? { pid: process.pid, started: "" },
    space: processSpace(),
    deadline: Date.now() + activationTime,
    relay_before: relayBefore ?? null,
  };
  const carrying =
    previous !== undefined && edge.supervisor.state(kamailioService(previous)).main !== undefined
      ? previous
      : undefined;
  const result = await written(paths.root, async () => {
    await writeJson(paths.activation, activation);
    await setStatus(paths, generation, "activating");
    return switchAndProve(order, relayBefore);
  });
  if ("problem" in result) return goBack(order, result.problem, carrying);
  say("commit");
  if (!(await claim(paths.activation, paths.current)))
    return goBack(order, problems.takenBack("its time was over"), carrying);
  await noteStatus(paths, generation, "current");
  return { outcome: "committed", ...result };
}

/** Does what writes to the state folder; a disk that is full is a problem, not a bug. */
async function written<T extends object>(
  root: string,
  work: () => Promise<T>,
): Promise<T | { readonly problem: Diagnostic }> {
  try {
    return await work();
  } catch (error) {
    const reason = fullDisk(error);
    if (reason === undefined) throw error;
    return { problem: problems.stateFolder(root, reason) };
  }
}

async function switchAndProve(
  order: ActivationOrder,
  relayBefore: number | undefined,
): Promise<
  { readonly proof: Proof; readonly diagnostics: readonly Diagnostic[] } | { readonly problem: Diagnostic }
> {
  const { edge, generation, kamailio, say, signal } = order;
  if (relayBefore === undefined || order.restartRelay) {
    say(relayBefore === undefined ? "start rtpengine" : "restart rtpengine");
    const mark = await logMark(edge, "rtpengine.log");
    if (!(await runRelay(edge, generation))) {
      const reason = "it does not answer on its control port";
      return { problem: await notStarted(edge, "rtpengine", "rtpengine.log", reason, mark) };
    }
  }
  if (signal.aborted) return { problem: problems.interrupted() };
  // What it starts with; the guard brings what is registered until it has taken over.
  await keepContacts(edge, newKeeping());
  say(`start Kamailio of generation ${generation}`);
  const mark = await logMark(edge, "kamailio.log");
  await edge.supervisor.install(kamailio);
  await edge.supervisor.up(kamailio.name);
  const socket = join(generationPaths(edge.paths, generation).private, "ctl.sock");
  const trouble = await waitForKamailio(edge, generation, socket, signal);
  if (signal.aborted) return { problem: problems.interrupted() };
  if (trouble !== undefined)
    return { problem: await notStarted(edge, "Kamailio", "kamailio.log", trouble, mark) };
  say("proof call");
  const first = edge.supervisor.state(kamailio.name).main;
  const proof = await prove(proofTarget(order), settleWindow, () => {
    if (signal.aborted) return "interrupted";
    const now = edge.supervisor.state(kamailio.name).main;
    return now?.pid === first?.pid ? undefined : "Kamailio ended while it was called";
  });
  if (signal.aborted) return { problem: problems.interrupted() };
  if (!proof.ok) return { problem: problems.proofFailed(proof.reason ?? "no reason", proof.attempts) };
  if (!mayLoadFirewall()) return { proof, diagnostics: [problems.firewallSkipped()] };
  say("load firewall");
  const refused = await loadFirewall(edge, generation);
  return refused === undefined ? { proof, diagnostics: [] } : { problem: problems.firewallFailed(refused) };
}

function proofTarget({ model, proof }: ActivationOrder) {
  const { network } = model.edge;
  const address = network.bind.v4 ?? network.bind.v6 ?? network.agents.address;
  const host = (network.bind.v4 === undefined ? network.public.v6 : network.public.v4) ?? address;
  const { udp, tcp } = network.carrier;
  const over =
    udp === undefined
      ? ({ transport: "tcp", port: tcp ?? 5060 } as const)
      : { transport: "udp" as const, port: udp };
  return { address, host, token: proof.token, ...over };
}

/** Gives the reason where Kamailio does not come up; nothing once it answers. */
async function waitForKamailio(
  edge: Edge,
  generation: number,
  socket: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const deadline = performance.now() + startTime;
  const ended = join(edge.paths.services, kamailioService(generation), "ended");
  while (performance.now() < deadline && !signal.aborted) {
    if ((await callRpc(socket, "core.uptime", [], { timeout: 1000 })).ok) return undefined;
    if (existsSync(ended)) return "it ended at once";
    await sleep(30);
  }
  return `it does not answer after ${startTime / 1000} s`;
}

async function goBack(
  order: ActivationOrder,
  problem: Diagnostic,
  carrying: number | undefined,
): Promise<ActivationResult> {
  const { edge, say } = order;
  say(carrying === undefined ? "go back: stop what was started" : `go back to generation ${carrying}`);
  const begun = existsSync(edge.paths.activation) || existsSync(edge.paths.rollback);
  const back = await takeBack(edge, problem.message);
  if (back?.failure !== undefined)
    return { outcome: "not_rolled_back", diagnostics: [problem, problems.notRolledBack(back.failure)] };
  if (back === undefined && !(await gone(edge.paths.rollback)))
    return {
      outcome: "not_rolled_back",
      diagnostics: [problem, problems.notRolledBack("the guard does not finish")],
    };
  const why = back === undefined && begun ? [await guardsReason(edge, order.generation)] : [];
  return { outcome: "rolled_back", diagnostics: [problem, ...why, problems.wentBack(carrying)] };
}

async function guardsReason(edge: Edge, generation: number): Promise<Diagnostic> {
  const status = await readJson<{ readonly reason?: string }>(generationPaths(edge.paths, generation).status);
  return problems.takenBack(status?.reason ?? "no reason is recorded");
}

async function gone(path: string): Promise<boolean> {
  for (let waited = 0; existsSync(path) && waited < 15_000; waited += 100) await sleep(100);
  return !existsSync(path);
}
