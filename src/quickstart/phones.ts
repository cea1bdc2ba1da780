/** The two independent SIP programs of the quickstart: baresip as the caller's phone, SIPp as the agent that echoes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineLine } from "../engine/lines.ts";
import { ensureRoot, type RootProgress, rootOptions } from "../host/private-root.ts";
import type { RootSpec } from "../host/root-spec.ts";
import { rootPrograms } from "../host/runtime.ts";
import { phone } from "../phone/baresip.ts";
import { here, type Tools } from "../phone/process.ts";
import { sippAgent } from "../phone/sipp.ts";
import { tones } from "../phone/tone.ts";

const phonesSpec: RootSpec = {
  name: "phones",
  suite: engineLine("6.1").debian.suite,
  packages: ["sip-tester", "baresip-core"],
  without: [
    "adduser",
    "base-passwd",
    "debconf",
    "dirmngr",
    "gnupg",
    "gpg",
    "passwd",
    "perl",
    "python3",
    "systemd",
  ],
};

/** The programs, fetched on first use. Throws with the reason where they cannot be had. */
export async function phonePrograms(onProgress: (progress: RootProgress) => void): Promise<Tools> {
  const { value, diagnostics } = await ensureRoot(phonesSpec, { ...rootOptions(process.env), onProgress });
  if (value === undefined) throw new Error(diagnostics.map((d) => `${d.message} ${d.help ?? ""}`).join("\n"));
  const programs = await rootPrograms(value);
  return { ...programs, root: value.root, libraries: join(value.root, "usr/lib", value.manifest.triplet) };
}

/** What became of the call, as the two programs saw it. */
export interface CallReport {
  readonly answered: boolean;
  /** Status code of the answer or refusal; absent where nothing came. */
  readonly code?: number;
  readonly reason: string;
  readonly answerMs: number;
  readonly toneHz: number;
  /** Milliseconds in which the phone heard its own tone come back from the agent. */
  readonly heardMs: number;
  /** The INVITE as the agent received it. */
  readonly invite: string;
  /** Whether the agent received the BYE. */
  readonly ended: boolean;
}

const callerAddress = "127.0.0.2";
const agentAddress = "127.0.0.3";

/** Places one call through the edge on 127.0.0.1:5060, talks for two seconds, hangs up. */
export async function placeCall(tools: Tools): Promise<CallReport> {
  const dir = mkdtempSync(join(tmpdir(), "crew-quickstart-"));
  const agent = await sippAgent({
    launcher: here,
    tools,
    dir,
    name: "agent",
    address: agentAddress,
    port: 5080,
    echo: true,
  });
  try {
    const caller = await phone({
      launcher: here,
      tools,
      dir: join(dir, "phone"),
      name: "phone",
      address: callerAddress,
      playHz: tones.caller,
    });
    try {
      const dialled = await caller.dial("sip:+14155551111@127.0.0.1:5060", 10_000);
      const base = {
        answered: dialled.answered,
        reason: dialled.reason,
        answerMs: dialled.answerMs,
        toneHz: tones.caller,
      };
      const code = dialled.code === undefined ? {} : { code: dialled.code };
      if (!dialled.answered) return { ...base, ...code, heardMs: 0, invite: inviteOf(agent), ended: false };
      await new Promise((resolve) => setTimeout(resolve, 2000));
      caller.hangUp();
      await caller.ended(5000);
      return {
        ...base,
        ...code,
        heardMs: caller.heard(tones.caller).ms,
        invite: inviteOf(agent),
        ended: received(agent, "BYE "),
      };
    } finally {
      await caller.stop();
    }
  } finally {
    await agent.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

type Agent = Awaited<ReturnType<typeof sippAgent>>;

function inviteOf(agent: Agent): string {
  return agent.messages().find((m) => m.direction === "received" && m.text.startsWith("INVITE "))?.text ?? "";
}

function received(agent: Agent, start: string): boolean {
  return agent.messages().some((m) => m.direction === "received" && m.text.startsWith(start));
}
