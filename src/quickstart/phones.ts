/** The two independent SIP programs of the quickstart: baresip as the caller's phone, SIPp as the agent that echoes. */
import { createSocket } from "node:dgram";
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
import { later } from "./cleanup.ts";

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

/** The first UDP port that the phones need and somebody has, or `undefined`. */
export async function takenPort(): Promise<number | undefined> {
  for (const port of Object.values(ports)) {
    const socket = createSocket("udp4");
    const free = await new Promise<boolean>((resolve) => {
      socket.once("error", () => resolve(false));
      socket.bind({ port, address: loopback, exclusive: true }, () => resolve(true));
    });
    if (free) socket.close();
    else return port;
  }
  return undefined;
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

/** Phones send media from 127.0.0.1 whatever loopback address they are given, so they live there too. */
const loopback = "127.0.0.1";
const ports = { phone: 5070, agent: 5090, agentRtp: 21000 } as const;

/** The agent, listening; start it before the edge, which asks its agents whether they are there. */
export async function startAgent(tools: Tools) {
  const dir = mkdtempSync(join(tmpdir(), "crew-quickstart-agent-"));
  const { agent: port, agentRtp: rtpPort } = ports;
  const sipp = await sippAgent({
    launcher: here,
    tools,
    dir,
    name: "agent",
    address: loopback,
    port,
    rtpPort,
    echo: true,
  });
  const received = (start: string) =>
    sipp.messages().find((m) => m.direction === "received" && m.text.startsWith(start))?.text;
  return {
    received,
    stop: async () => {
      await sipp.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Places one call through the edge on 127.0.0.1:5060, talks for two seconds, hangs up. */
export async function placeCall(
  tools: Tools,
  agent: Awaited<ReturnType<typeof startAgent>>,
): Promise<CallReport> {
  const dir = mkdtempSync(join(tmpdir(), "crew-quickstart-phone-"));
  later(async () => rmSync(dir, { recursive: true, force: true }));
  const caller = await phone({
    launcher: here,
    tools,
    dir,
    name: "phone",
    address: loopback,
    port: ports.phone,
    playHz: tones.caller,
  });
  later(caller.stop);
  try {
    const { answered, code, reason, answerMs } = await caller.dial("sip:+14155551111@127.0.0.1:5060", 10_000);
    if (answered) {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      caller.hangUp();
      await caller.ended(5000);
      await until(() => agent.received("BYE ") !== undefined, 3000);
    }
    return {
      answered,
      ...(code === undefined ? {} : { code }),
      reason,
      answerMs,
      toneHz: tones.caller,
      heardMs: answered ? caller.heard(tones.caller).ms : 0,
      invite: agent.received("INVITE ") ?? "",
      ended: agent.received("BYE ") !== undefined,
    };
  } finally {
    await caller.stop();
  }
}

/** SIPp writes its trace a moment after the message. */
async function until(holds: () => boolean, ms: number): Promise<void> {
  for (let waited = 0; waited < ms && !holds(); waited += 50)
    await new Promise((resolve) => setTimeout(resolve, 50));
}
