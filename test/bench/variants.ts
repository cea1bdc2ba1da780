/** What is measured: the hand-written baselines and the compiled edge, each started and stopped in a lab. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EngineRuntime } from "../../src/host/runtime.ts";
import { intoFile } from "../lab/edge.ts";
import type { Lab } from "../lab/netns.ts";

export interface RunningVariant {
  /** Part of the command line of every process that is charged. */
  readonly marker: string;
  stop(): Promise<void>;
}

export interface Variant {
  readonly name: string;
  start(lab: Lab, runtime: EngineRuntime): Promise<RunningVariant>;
}

/** The same allocator and memory as the compiled edge, so that only the configs differ. */
const memory = ["-x", "tlsf", "-X", "tlsf", "-m", "128", "-M", "16"];

/** Its records of calls go where those of the compiled edge go: a file costs more than /dev/null. */
async function startKamailio(lab: Lab, runtime: EngineRuntime, file: string) {
  const args = ["-f", file, "-L", runtime.kamailioModules, "-DD", "-E", "-Y", dirname(file), ...memory];
  const command = intoFile(runtime.command("kamailio", args), dirname(file));
  const running = await lab.spawn("kamailio", command, { quiet: true });
  await new Promise((resolve) => setTimeout(resolve, 700));
  return running;
}

export async function startRtpengine(lab: Lab, runtime: EngineRuntime, folder: string) {
  const file = join(folder, "rtpengine.conf");
  writeFileSync(
    file,
    [
      "[rtpengine]",
      "interface=127.0.0.10",
      "listen-ng=127.0.0.1:2223",
      "port-min=30000",
      "port-max=39999",
      "table=-1",
      "log-level=4",
      "log-stderr=true",
      "delete-delay=0",
      "timeout=60",
      "",
    ].join("\n"),
  );
  const args = ["--config-file", file, "--foreground", "--pidfile", join(folder, "rtpengine.pid")];
  const running = await lab.spawn("rtpengine", runtime.command("rtpengine", args), { quiet: true });
  await new Promise((resolve) => setTimeout(resolve, 700));
  return running;
}

/** A baseline of this folder, with a relay of its own where its config talks to one. */
export function baseline(name: "min" | "full"): Variant {
  return {
    name: `${name}.cfg`,
    async start(lab, runtime) {
      const folder = join(lab.dir, `baseline-${name}`);
      mkdirSync(folder, { recursive: true });
      const file = join(folder, "kamailio.cfg");
      copyFileSync(join(import.meta.dirname, "baseline", `${name}.cfg`), file);
      const relay = name === "full" ? await startRtpengine(lab, runtime, folder) : undefined;
      const kamailio = await startKamailio(lab, runtime, file);
      return {
        marker: folder,
        stop: async () => {
          await kamailio.stop();
          await relay?.stop();
        },
      };
    },
  };
}
