/** Short calls through whatever listens on 127.0.0.10:5060. */
import { join } from "node:path";
import type { Running } from "../../src/phone/process.ts";
import type { Lab } from "../lab/netns.ts";

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

const scenarios = join(import.meta.dirname, "scenarios");
const common = ["-buff_size", "4194304", "-nostdin"];

/** Answers calls until it is stopped, and the edge's probes (-aa). */
export async function startCallee(lab: Lab): Promise<Running> {
  const options = ["-aa", "-sf", join(scenarios, "uas.xml"), "-i", callee, "-p", "5080"];
  const running = await lab.spawn("uas", lab.tools.command("sipp", [...options, ...common]), {
    quiet: true,
    env: { TERM: "xterm" },
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  return running;
}

/** Places the calls; throws where one failed. */
export async function burst(lab: Lab, { rate, calls, hold = 100 }: BurstOptions): Promise<void> {
  const options = [
    ...["-sf", join(scenarios, "uac.xml"), `${edgeAddress}:5060`, "-s", calledNumber],
    ...["-i", caller, "-p", "5070", "-r", `${rate}`, "-m", `${calls}`, "-d", `${hold}`, "-timeout", "120"],
  ];
  const uac = await lab.exec(lab.tools.command("sipp", [...options, ...common]), {
    ms: 150_000,
    env: { TERM: "xterm" },
  });
  if (uac.code !== 0) throw new Error(`calls failed (sipp exit ${uac.code}):\n${uac.output.slice(-3000)}`);
}
