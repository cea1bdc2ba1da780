/** Checks rtpengine.conf against the options of the real program, starts it in the cell and lets it offer media. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bencode, bencode, unbencode } from "../host/bencode.ts";
import type { Cell, CellProcess } from "./cell.ts";
import type { CellSocket } from "./cell-socket.ts";
import { type Artifacts, diagnose, type Finding, placeOf, readLines } from "./locate.ts";
import { didNotRun } from "./problems.ts";
import type { StepResult, VerifyRuntime } from "./report.ts";
import { confProblems, helpOptions, readConf, rtpengineProblems } from "./rtpengine-conf.ts";

export const rtpengineFile = "rtpengine/rtpengine.conf";

/** rtpengine has no check mode and takes unknown keys in silence: its own list of options is asked instead. */
export async function checkRtpengine(
  artifacts: Artifacts,
  runtime: VerifyRuntime,
  cell: Cell,
): Promise<StepResult> {
  const help = await cell.run(runtime.command("rtpengine", ["--help"]), { timeout: 5000 });
  if (help.error !== undefined) return { diagnostics: [didNotRun("rtpengine", help.error)] };
  const options = helpOptions(help.lines.map((l) => l.text));
  const conf = readConf(readLines(artifacts.directory, rtpengineFile).join("\n"));
  const diagnostics = confProblems(conf, options).map(({ line, message }) =>
    diagnose(artifacts, {
      code: "CREW5301",
      message: `In rtpengine.conf ${message}.`,
      why: "rtpengine ignores some faults of its file in silence and ends without a reason on others.",
      place: { path: rtpengineFile, line },
    }),
  );
  return { diagnostics, detail: `${conf.entries.length} options` };
}

export interface StartedRtpengine extends StepResult {
  readonly process?: CellProcess;
}

/** Starts rtpengine and waits for its answer to a ping, then has it open ports in both directions between two sides. */
export async function startRtpengine(
  artifacts: Artifacts,
  runtime: VerifyRuntime,
  cell: Cell,
  cellDirectory: string,
): Promise<StartedRtpengine> {
  const conf = readConf(readLines(artifacts.directory, rtpengineFile).join("\n"));
  const control =
    conf.entries.find((e) => e.key === "listen-ng")?.value.split(/[;,\s]/)[0] ?? "127.0.0.1:2223";
  const args = [
    `--config-file=${join(artifacts.directory, rtpengineFile)}`,
    "--foreground",
    "--log-stderr",
    "--table=-1",
    `--pidfile=${join(cellDirectory, "rtpengine.pid")}`,
  ];
  const process = cell.start(runtime.command("rtpengine", args));
  const socket = await cell.bind("127.0.0.1");
  if (typeof socket === "string") return failedStart(artifacts, process, `its control socket: ${socket}`);
  const answered = await ask(socket, control, { command: "ping" }, process, 4000);
  if (answered === undefined)
    return failedStart(artifacts, process, "no answer to a ping on its control socket");
  const names = interfaceNames(conf.entries.find((e) => e.key === "interface")?.value ?? "");
  const refused = await refusedOffers(socket, control, names, process);
  socket.close();
  const [first] = refused;
  const line = conf.entries.find((e) => e.key === "interface")?.line ?? 1;
  const findings: readonly Finding[] =
    first === undefined
      ? []
      : [
          {
            code: "CREW5304",
            message: `rtpengine starts but does not open media ports: ${first}.`,
            why: "rtpengine takes interfaces whose address the host does not have; calls would fail with 503.",
            details: refused.slice(1),
            place: { path: rtpengineFile, line },
          },
        ];
  return { process, diagnostics: findings.map((f) => diagnose(artifacts, f)), detail: names.join(", ") };
}

/** Logical interfaces, in the order of the file. */
function interfaceNames(value: string): readonly string[] {
  const names = value
    .split(/[;,\s]+/)
    .flatMap((part) => (part.includes("/") ? [part.split("/")[0] ?? ""] : []));
  return [...new Set(names)];
}

async function refusedOffers(
  socket: CellSocket,
  control: string,
  names: readonly string[],
  process: CellProcess,
): Promise<readonly string[]> {
  const [a, b] = names;
  if (a === undefined || b === undefined) return [];
  const refused: string[] = [];
  for (const direction of [
    [a, b],
    [b, a],
  ]) {
    const call = { "call-id": randomBytes(8).toString("hex"), "from-tag": "verify" };
    const sdp =
      "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    const answer = await ask(socket, control, { command: "offer", ...call, direction, sdp }, process, 1500);
    const result = answer?.result;
    if (result !== "ok")
      refused.push(
        `an offer from ${direction.join(" to ")} got ${String(answer?.["error-reason"] ?? result ?? "no answer")}`,
      );
    await ask(socket, control, { command: "delete", ...call }, process, 500);
  }
  return refused;
}

type Message = { readonly [key: string]: Bencode };

/** Asks until there is an answer, the process has ended or the time is over. */
async function ask(
  socket: CellSocket,
  control: string,
  message: Message,
  process: CellProcess,
  ms: number,
): Promise<Message | undefined> {
  const cut = control.lastIndexOf(":");
  const address = cut < 0 ? "127.0.0.1" : control.slice(0, cut).replace(/^\[|\]$/g, "");
  const cookie = randomBytes(6).toString("hex");
  const packet = Buffer.concat([Buffer.from(`${cookie} `), bencode(message)]);
  const deadline = performance.now() + ms;
  while (performance.now() < deadline && process.end() === undefined) {
    socket.send(packet, address, Number(control.slice(cut + 1)));
    const reply = await socket.receive(40, ({ data }) => data.toString("latin1").startsWith(`${cookie} `));
    if (reply !== undefined) return unbencode(reply.data.subarray(cookie.length + 1)) as Message | undefined;
  }
  return undefined;
}

async function failedStart(
  artifacts: Artifacts,
  process: CellProcess,
  otherwise: string,
): Promise<StartedRtpengine> {
  await Promise.race([process.ended, sleep(100)]);
  const end = process.end();
  if (end?.error !== undefined) return { diagnostics: [didNotRun("rtpengine", end.error)] };
  const problems = rtpengineProblems(process.lines.map((l) => l.text));
  const [first, ...others] = problems;
  const place = problems.map((p) => placeOf(artifacts, p, rtpengineFile)).find((p) => p !== undefined);
  const rest = { details: others.map((p) => p.text), ...(place === undefined ? {} : { place }) };
  if (end === undefined)
    return {
      diagnostics: [
        diagnose(artifacts, {
          code: "CREW5303",
          message: `rtpengine starts but does not serve: ${first?.text ?? otherwise}.`,
          ...rest,
        }),
      ],
    };
  const cause = first?.text ?? `it ended with exit code ${end.code} and no reason`;
  return {
    diagnostics: [
      diagnose(artifacts, {
        code: "CREW5302",
        message: `rtpengine does not start: ${cause.replace(/\.$/, "")}.`,
        ...rest,
      }),
    ],
  };
}

/** What a running rtpengine complained about. */
export function rtpengineComplaints(artifacts: Artifacts, process: CellProcess): StepResult {
  const problems = rtpengineProblems(process.lines.map((l) => l.text));
  return {
    diagnostics: problems.map((p) =>
      diagnose(artifacts, { code: "CREW5305", message: `rtpengine runs but logs an error: ${p.text}.` }),
    ),
  };
}
