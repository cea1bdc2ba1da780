/** What runs of an edge, and how it fares. */
import { callRpc, type RpcValue } from "../verify/binrpc.ts";
import { type ContactReport, contacts } from "./contacts.ts";
import { controlSocket } from "./control.ts";
import type { Edge } from "./edge.ts";
import { loadedFirewall } from "./firewall.ts";
import { guardService } from "./processes.ts";
import { type RegistrationReport, registrations } from "./registrations.ts";
import { relayService } from "./relay.ts";
import { callsInRelay } from "./sessions.ts";
import { readJson } from "./state/files.ts";
import {
  type Activation,
  currentGeneration,
  type GenerationFacts,
  type GenerationStatus,
  generationNumbers,
  generationOf,
  kamailioService,
  readFacts,
  readStatus,
} from "./state/generations.ts";

export interface ProcessReport {
  readonly name: string;
  readonly running: boolean;
  readonly supervised: boolean;
  readonly pid?: number;
  /** Seconds. */
  readonly uptime?: number;
  readonly processes: number;
}

export interface AgentReport {
  readonly uri: string;
  /** As Kamailio's dispatcher writes it: A active, I inactive, T trying, D disabled, then P where it is probed, else X. */
  readonly flags: string;
  readonly state: "up" | "down" | "not probed";
}

export interface StatusReport {
  readonly state: "up" | "degraded" | "down";
  /** What carries the calls, or carried them last. */
  readonly generation?: number;
  /** Since when it carries them; where the edge was stopped, since when it does not. */
  readonly since?: string;
  readonly bundle?: string;
  readonly engine?: string;
  /** Set while a deployment is at work. */
  readonly activating?: number;
  readonly draining: readonly number[];
  readonly processes: readonly ProcessReport[];
  /** Absent where Kamailio does not answer. */
  readonly agents?: readonly AgentReport[];
  /** Registrations at carriers; absent where there are none. */
  readonly registrations?: readonly RegistrationReport[];
  /** Where PBXs have registered here; absent where none has. */
  readonly contacts?: readonly ContactReport[];
  /** Calls that rtpengine carries; absent where it does not answer. */
  readonly media_sessions?: number;
  /** The generation whose ruleset was loaded. */
  readonly firewall: number | null;
}

export async function status(edge: Edge): Promise<StatusReport> {
  const { supervisor, paths } = edge;
  const generation = await currentGeneration(paths);
  const names = new Set([...supervisor.names(), relayService, guardService]);
  if (generation !== undefined) names.add(kamailioService(generation));
  const processes = [...names].sort().map((name) => processReport(edge, name));
  const facts = generation === undefined ? undefined : await readFacts(paths, generation);
  const fate = generation === undefined ? undefined : await readStatus(paths, generation);
  const activation = await readJson<Activation>(paths.activation);
  const [agents, registered, reached, sessions] = await Promise.all([
    generation === undefined ? undefined : agentStates(controlSocket(edge, generation)),
    generation === undefined ? [] : registrations(controlSocket(edge, generation)),
    generation === undefined ? [] : contacts(edge, generation),
    callsInRelay(),
  ]);
  const needed = processes.filter((p) => {
    const of = generationOf(p.name);
    return of === undefined || of === generation;
  });
  const up = needed.filter((p) => p.running).length;
  return {
    state: up === 0 ? "down" : up === needed.length && agents !== undefined ? "up" : "degraded",
    ...(generation === undefined ? {} : { generation }),
    ...(fate === undefined ? {} : { since: fate.since }),
    ...(facts === undefined ? {} : { bundle: facts.bundle, engine: facts.engine }),
    ...(activation === undefined ? {} : { activating: activation.generation }),
    draining: supervisor
      .names()
      .map(generationOf)
      .filter((n): n is number => n !== undefined && n < (generation ?? 0)),
    processes,
    ...(agents === undefined ? {} : { agents }),
    ...(registered.length === 0 ? {} : { registrations: registered }),
    ...(reached.length === 0 ? {} : { contacts: reached }),
    ...(sessions === undefined ? {} : { media_sessions: sessions }),
    firewall: (await loadedFirewall(edge)) ?? null,
  };
}

function processReport(edge: Edge, name: string): ProcessReport {
  const { main, uptime, supervised, pids } = edge.supervisor.state(name);
  return {
    name,
    running: main !== undefined,
    supervised,
    ...(main === undefined ? {} : { pid: main.pid }),
    ...(uptime === undefined ? {} : { uptime: Math.round(uptime) }),
    processes: pids.length,
  };
}

/** Every destination of `dispatcher.list`, once; nothing where Kamailio does not answer at all. */
async function agentStates(socket: string): Promise<readonly AgentReport[] | undefined> {
  const answer = await callRpc(socket, "dispatcher.list");
  // A dispatcher without a single set answers with a fault, and so does one that nobody loaded.
  if (!answer.ok) return answer.code === 0 ? undefined : [];
  const found = new Map<string, AgentReport>();
  for (const entry of structsWith(answer.values, "URI")) {
    const uri = String(entry.URI);
    const flags = String(entry.FLAGS ?? "");
    const state = !flags.startsWith("A") ? "down" : flags.endsWith("P") ? "up" : "not probed";
    found.set(uri, { uri, flags, state });
  }
  return [...found.values()];
}

type Struct = { readonly [name: string]: RpcValue };

/** All structs at any depth that have a field. */
function structsWith(value: RpcValue, field: string): readonly Struct[] {
  if (typeof value !== "object") return [];
  if (Array.isArray(value)) return value.flatMap((item) => structsWith(item, field));
  const struct = value as Struct;
  return [
    ...(field in struct ? [struct] : []),
    ...Object.values(struct).flatMap((item) => structsWith(item, field)),
  ];
}

export interface GenerationReport extends Partial<GenerationFacts> {
  readonly generation: number;
  /** Whether it carries the calls: what was committed last, while it runs. */
  readonly current: boolean;
  readonly status?: GenerationStatus;
}

/** All generations on disk, newest first. */
export async function generations(edge: Edge): Promise<readonly GenerationReport[]> {
  const current = await currentGeneration(edge.paths);
  const all = await Promise.all(
    generationNumbers(edge.paths).map(async (generation): Promise<GenerationReport> => {
      const stored = await readStatus(edge.paths, generation);
      const facts = await readFacts(edge.paths, generation);
      const service = edge.supervisor.state(kamailioService(generation));
      const serves = generation === current && (service.main !== undefined || service.supervised);
      const status =
        stored?.state === "current" && !serves ? { ...stored, state: "stopped" as const } : stored;
      return { ...facts, generation, current: serves, ...(status === undefined ? {} : { status }) };
    }),
  );
  return all.reverse();
}

/** The generation to go back to: the wanted one where it ran, else the newest that ran before the current one. */
export async function rollbackTarget(
  edge: Edge,
  wanted: number | undefined,
): Promise<{ readonly generation?: number; readonly ran: readonly number[]; readonly current?: number }> {
  const current = await currentGeneration(edge.paths);
  const ran = (await generations(edge))
    .filter((g) => g.generation !== current && /^(draining|retired|stopped)$/.test(g.status?.state ?? ""))
    .map((g) => g.generation);
  const generation =
    wanted === undefined ? ran.find((n) => n < (current ?? Infinity)) : ran.find((n) => n === wanted);
  return {
    ...(generation === undefined ? {} : { generation }),
    ran: ran.toReversed(),
    ...(current === undefined ? {} : { current }),
  };
}
