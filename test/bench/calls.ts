/** A burst of short calls through whatever listens on 127.0.0.10:5060, and what they cost its processes. */
import { join } from "node:path";
import type { Lab } from "../lab/netns.ts";
import { cpuMicroseconds } from "./cpu.ts";

export const caller = "127.0.0.2";
export const callee = "127.0.0.3";
export const edgeAddress = "127.0.0.10";
export const calledNumber = "+14155551111";

export interface BurstOptions {
  /** Calls a second. */
  readonly rate: number;
  readonly calls: number;
  /** Milliseconds from ACK to BYE. */
  readonly hold?: number;
}

/** Places the calls and returns microseconds of CPU per call of the processes that `marker` names; throws where a call failed. */
export async function burst(lab: Lab, marker: string, options: BurstOptions): Promise<number> {
  const scenarios = join(import.meta.dirname, "scenarios");
  const common = ["-buff_size", "4194304", "-nostdin"];
  const uas = await lab.spawn(
    "uas",
    lab.tools.command("sipp", ["-sf", join(scenarios, "uas.xml"), "-i", callee, "-p", "5080", ...common]),
    { quiet: true, env: { TERM: "xterm" } },
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = cpuMicroseconds(marker);
  const uac = await lab.exec(
    lab.tools.command("sipp", [
      ...[
        "-sf",
        join(scenarios, "uac.xml"),
        `${edgeAddress}:5060`,
        "-s",
        calledNumber,
        "-i",
        caller,
        "-p",
        "5070",
      ],
      ...[
        "-r",
        String(options.rate),
        "-m",
        String(options.calls),
        "-d",
        String(options.hold ?? 100),
        "-timeout",
        "120",
      ],
      ...common,
    ]),
    { ms: 150_000, env: { TERM: "xterm" } },
  );
  const after = cpuMicroseconds(marker);
  await uas.stop();
  if (uac.code !== 0) throw new Error(`calls failed (sipp exit ${uac.code}):\n${uac.output.slice(-3000)}`);
  return (after - before) / options.calls;
}
