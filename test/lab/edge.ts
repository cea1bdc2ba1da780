/** A compiled edge in a lab, started without the deployer: for tests and measurements of what is on the wire. */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildBundle } from "../../src/bundle/bundle.ts";
import { writeBundle } from "../../src/bundle/write.ts";
import { engineRootSpec } from "../../src/host/engine-source.ts";
import { ensureRoot, rootOptions } from "../../src/host/private-root.ts";
import type { Command } from "../../src/host/run.ts";
import { type EngineRuntime, findEngine, rootEngine } from "../../src/host/runtime.ts";
import type { EngineLine, Model } from "../../src/model/model.ts";
import { parseConfig } from "../../src/model/parse.ts";
import type { Running } from "../../src/phone/process.ts";
import {
  bindingFiles,
  type ContactRow,
  contactsText,
  type KamailioBinding,
  kamailioArguments,
  recordToken,
} from "../../src/targets/kamailio/binding.ts";
import { targets } from "../../src/targets/registry.ts";
import type { AnyTarget } from "../../src/targets/target.ts";
import type { Lab } from "./netns.ts";

/** One line that the edge wrote about a call. */
export type EdgeRecord = Readonly<Record<string, unknown>> & { readonly event: string };

export interface Edge {
  readonly model: Model;
  readonly folder: string;
  readonly runtime: EngineRuntime;
  readonly kamailio: Running;
  readonly rtpengine?: Running;
  /** What the edge has written about calls so far, oldest first. */
  records(event?: string): readonly EdgeRecord[];
  stop(): Promise<void>;
}

/** For `expect.poll`: what the edge wrote comes by another way than what it sent, and may come later. */
export const soon = { timeout: 3000, interval: 20 } as const;

export interface EdgeOptions {
  /** Name of the folder in the lab; default `edge`. */
  readonly name?: string;
  readonly generation?: number;
  /** Private socket of this generation; default 7001 + generation. */
  readonly handoverPort?: number;
  readonly predecessorPort?: number;
  /** Digest passwords' hashes by trunk. */
  readonly digests?: KamailioBinding["digests"];
  readonly keys?: KamailioBinding["keys"];
  /** Our passwords at carriers. */
  readonly passwords?: KamailioBinding["passwords"];
  readonly proof?: KamailioBinding["proof"];
  /** Where PBXs have registered before it starts. */
  readonly contacts?: readonly ContactRow[];
  /** Without: a relay that already runs in the lab is used. Default true. */
  readonly relay?: boolean;
  /** Added to Kamailio's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What Kamailio writes goes to `kamailio.log` in the folder, as a deployment has it, instead of being read line by line. */
  readonly toFile?: boolean;
  /** Other targets than the product's, for measurements. */
  readonly targets?: readonly AnyTarget[];
}

/** The engine of a line, installed on first use. */
export async function labEngine(line: EngineLine = "6.1"): Promise<EngineRuntime> {
  const found = await findEngine(line, process.env);
  if (found.value !== undefined) return found.value;
  const root = await ensureRoot(engineRootSpec(line), rootOptions(process.env));
  if (root.value === undefined) throw new Error(root.diagnostics.map((d) => d.message).join("\n"));
  return rootEngine(line, root.value);
}

/** Compiles a draft (an edge or a trunk) and starts it. Throws with the diagnostics where it does not compile, with the last lines where it does not start. */
export async function startEdge(lab: Lab, draft: unknown, options: EdgeOptions = {}): Promise<Edge> {
  const parsed = parseConfig(draft);
  if (parsed.value === undefined)
    throw new Error(parsed.diagnostics.map((d) => `${d.code} ${d.message}`).join("\n"));
  return startModel(lab, parsed.value, options);
}

export async function startModel(lab: Lab, model: Model, options: EdgeOptions = {}): Promise<Edge> {
  const runtime = await labEngine(model.edge.engine);
  const built = buildBundle(model, options.targets ?? targets, "0.0.0");
  if (built.value === undefined)
    throw new Error(built.diagnostics.map((d) => `${d.code} ${d.message}`).join("\n"));
  const folder = join(lab.dir, options.name ?? "edge");
  const written = writeBundle(built.value, folder);
  if ("code" in written) throw new Error(written.message);
  const binding = bind(folder, options);
  mkdirSync(binding.privateDirectory, { recursive: true, mode: 0o700 });
  for (const file of bindingFiles(binding, model)) {
    const path = join(binding.privateDirectory, file.path);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, file.text, { mode: file.mode });
  }
  if (options.contacts !== undefined)
    writeFileSync(join(binding.privateDirectory, "contacts.cfg"), contactsText(options.contacts));
  const rtpengine = options.relay === false ? undefined : await startRelay(lab, runtime, folder);
  const args = [...kamailioArguments(binding, model), "-L", runtime.kamailioModules];
  const command = runtime.command("kamailio", args);
  const kamailio = await lab.spawn("kamailio", options.toFile ? intoFile(command, folder) : command, {
    cwd: binding.privateDirectory,
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  await ready(lab, runtime, kamailio, binding);
  return {
    model,
    folder,
    runtime,
    kamailio,
    ...(rtpengine === undefined ? {} : { rtpengine }),
    records: (event) =>
      recordsOf(kamailio, recordToken(binding.keys)).filter((r) => event === undefined || r.event === event),
    stop: async () => {
      await kamailio.stop();
      await rtpengine?.stop();
    },
  };
}

function bind(folder: string, options: EdgeOptions): KamailioBinding {
  const generation = options.generation ?? 1;
  const key = () => randomBytes(16).toString("hex");
  return {
    generation,
    directory: join(folder, "kamailio"),
    privateDirectory: join(folder, "private"),
    handoverPort: options.handoverPort ?? 7001 + generation,
    ...(options.predecessorPort === undefined ? {} : { predecessorPort: options.predecessorPort }),
    ...(options.proof === undefined ? {} : { proof: options.proof }),
    keys: options.keys ?? { topology: key(), route: key(), nonce: key() },
    contacts: join(folder, "private/contacts.cfg"),
    rtpengine: "udp:127.0.0.1:2223",
    digests: options.digests ?? [],
    ...(options.passwords === undefined ? {} : { passwords: options.passwords }),
  };
}

/** The program with its stderr at the end of `kamailio.log` in the folder, as a deployment has it. */
export function intoFile(command: Command, folder: string): Command {
  const file = join(folder, "kamailio.log");
  return {
    ...command,
    file: "/bin/sh",
    args: ["-c", 'exec "$@" 2>>"$0"', file, command.file, ...command.args],
  };
}

export async function startRelay(lab: Lab, runtime: EngineRuntime, folder: string): Promise<Running> {
  const args = ["--config-file", join(folder, "rtpengine/rtpengine.conf"), "--foreground", "--log-stderr"];
  const running = await lab.spawn("rtpengine", runtime.command("rtpengine", args));
  for (let tried = 0; ; tried++) {
    const socket = await lab.udp("127.0.0.1");
    socket.send("1_1 d7:command4:pinge", { address: "127.0.0.1", port: 2223 });
    const answer = await socket.receive(200).catch(() => undefined);
    socket.close();
    if (answer !== undefined) return running;
    if (tried > 25) throw new Error(`rtpengine does not answer:\n${running.lines.slice(-20).join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Stops a program until SIGCONT. SIGSTOP stops the threads one by one: on a busy machine some serve on for a while. */
export async function freeze(lab: Lab, running: Running | undefined): Promise<void> {
  if (running === undefined) throw new Error("nothing to freeze: this edge has no such program");
  running.kill("SIGSTOP");
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    const { output } = await lab.exec(["/bin/sh", "-c", `cat /proc/${running.pid}/task/*/stat`]);
    const states = output
      .trim()
      .split("\n")
      .map((line) => /\) (\w) /.exec(line)?.[1]);
    if (states.every((state) => state === "T")) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${running.name} (process ${running.pid}) did not stop within 10 s of SIGSTOP`);
}

/** Kamailio serves once its control socket answers; its workers are up before that. */
async function ready(
  lab: Lab,
  runtime: EngineRuntime,
  kamailio: Running,
  binding: KamailioBinding,
): Promise<void> {
  for (let tried = 0; ; tried++) {
    const asked = await lab.exec(
      runtime.command("kamcmd", ["-s", `unix:${binding.privateDirectory}/ctl.sock`, "core.uptime"]),
      { ms: 2000 },
    );
    if (asked.code === 0 && asked.output.includes("uptime")) return;
    if (tried > 50) throw new Error(`Kamailio does not come up:\n${kamailio.lines.slice(-30).join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function recordsOf(kamailio: Running, token: string): EdgeRecord[] {
  const start = new RegExp(`^ *\\d+\\(\\d+\\) ERROR: crew-${token}: (.*)$`);
  return kamailio.lines.flatMap((line) => {
    // Kamailio's own lines quote what peers wrote: only the start of a line tells them apart.
    const json = start.exec(line)?.[1];
    if (json === undefined) return [];
    try {
      return [JSON.parse(json) as EdgeRecord];
    } catch (error) {
      // Kamailio writes its own complaints in pieces and without the lock of the records: one can cut a record in two.
      if (/ERROR: (?!crew-)/.test(json)) return [];
      throw new Error(`a record that is no JSON: ${line}`, { cause: error });
    }
  });
}
