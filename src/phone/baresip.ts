/** Driving baresip as a telephone or as an answering agent: it plays a tone and records what it hears. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bracketed } from "../core/host.ts";
import { type Message, tracedMessages } from "./message.ts";
import type { Launcher, Running, Tools } from "./process.ts";
import { type Recognition, recognise, tone } from "./tone.ts";
import { readWav, writeWav } from "./wav.ts";

export interface PhoneOptions {
  readonly launcher: Launcher;
  readonly tools: Tools;
  /** A folder of its own. */
  readonly dir: string;
  readonly name: string;
  /**
   * Of signalling and, in SDP, of media. Its RTP and TCP sockets are bound to none: the kernel chooses their source, which
   * on one machine is the address that they send to. So towards 127.0.0.1 it must be 127.0.0.1 itself, or it must live in a
   * network namespace of its own; else whoever pins media to the signalled address drops what it says.
   */
  readonly address: string;
  /** UDP and TCP; TLS listens on the next one. Default 5060. */
  readonly port?: number;
  /** User part of its address of record; default +14155550100. */
  readonly user?: string;
  /** Host part of it; default its address. */
  readonly domain?: string;
  /** Answers challenges with these. */
  readonly auth?: { readonly username: string; readonly password: string };
  /** Where all requests go first, a SIP URI; a Route in RFC 3261's terms. */
  readonly outbound?: string;
  /** Registers for so many seconds at its domain, through `outbound`. */
  readonly register?: number;
  /** Default `auto`: the first ringing answers. */
  readonly answer?: "auto" | "manual";
  /** baresip's names, in order, such as `opus/48000/2`; default PCMU and PCMA. */
  readonly codecs?: readonly string[];
  /** The tone it plays in every call; none plays silence. */
  readonly playHz?: number;
  /** How long the tone is: at its end the phone falls silent. Default a minute. */
  readonly playMs?: number;
  readonly mediaEncryption?: "srtp" | "srtp-mand" | "dtls_srtp";
  readonly tls?: { readonly certificateAndKey?: string; readonly ca?: string };
  /** Default 20000-20998. */
  readonly rtpPorts?: readonly [number, number];
}

export interface Dialled {
  readonly answered: boolean;
  /** The code of a refusal, 200 where answered, undefined where nothing came in time or the transport failed. */
  readonly code?: number;
  readonly reason: string;
  /** It rang (a 180 or 183 came) before that. */
  readonly rang: boolean;
  /** From dialling to the answer or the refusal, in milliseconds, as the test saw it. */
  readonly answerMs: number;
}

export interface Phone {
  readonly running: Running;
  /** Every SIP message so far. */
  messages(): readonly Message[];
  /** Calls and waits for the outcome; after `ms` (default 10,000) it gives up and cancels. */
  dial(uri: string, ms?: number): Promise<Dialled>;
  /** Starts a call and does not wait. */
  startDial(uri: string): void;
  /** Waits for an incoming call that no wait has seen yet: until it rings, or is up where the phone answers by itself. */
  incoming(ms: number): Promise<void>;
  accept(): Promise<void>;
  /** Ends the call; refuses it with 486 where it rings here, cancels it where it rings there. */
  hangUp(): void;
  hold(): void;
  resume(): void;
  /** Sends DTMF digits as telephone-events. */
  digits(digits: string): void;
  /** Refers the other party to a URI, and hangs up when it is connected there. */
  transfer(uri: string): void;
  /** Waits for the end of the call that was last dialled or waited for with `incoming`, whoever ends it. */
  ended(ms: number): Promise<void>;
  /** What the last recording says of a tone; also good while the call lasts. `dial` forgets the recordings before. */
  heard(hz: number, minMs?: number): Recognition;
  stop(): Promise<void>;
}

function configuration(o: PhoneOptions, play: string | undefined): string {
  const [low, high] = o.rtpPorts ?? [20000, 20998];
  const encryption =
    o.mediaEncryption === undefined ? [] : [o.mediaEncryption.startsWith("srtp") ? "srtp" : "dtls_srtp"];
  const modules = ["stdio", "g711", "opus", "g722", "sndfile", "aufile", "aubridge", "ausine", ...encryption];
  return [
    "poll_method epoll",
    `sip_listen ${bracketed(o.address)}:${o.port ?? 5060}`,
    ...(o.tls?.certificateAndKey ? [`sip_certificate ${o.tls.certificateAndKey}`] : []),
    ...(o.tls?.ca ? [`sip_cafile ${o.tls.ca}`, "sip_verify_server yes"] : ["sip_verify_server no"]),
    // An address instead of an interface keeps baresip off the other addresses of the host.
    `net_interface ${o.address}`,
    // Nobody listens: the recording is made before the player. aufile's player can crash baresip 1.1.0 where a re-INVITE
    // (hold, resume) starts it anew.
    "audio_player aubridge,speaker",
    `audio_source ${play === undefined ? "aufile,/dev/null" : `aufile,${play}`}`,
    // What the file has; else its samples are taken for those of the codec.
    "ausrc_srate 8000",
    "ausrc_channels 1",
    // No sounds of its own: a busy tone would be played into the recording.
    `audio_path ${join(o.dir, "sounds")}`,
    "ringback_disabled yes",
    "statmode_default off",
    "jitter_buffer_type fixed",
    "jitter_buffer_delay 1-5",
    "call_max_calls 20",
    "call_hold_other_calls no",
    `rtp_ports ${low}-${high}`,
    // Here sndfile writes what is heard.
    `snd_path ${join(o.dir, "recordings")}`,
    `module_path ${join(o.tools.root, "usr/lib/baresip/modules")}`,
    ...modules.map((m) => `module ${m}.so`),
    "module_tmp uuid.so",
    "module_tmp account.so",
    "module_app menu.so",
    "",
  ].join("\n");
}

function account(o: PhoneOptions): string {
  return [
    `<sip:${o.user ?? "+14155550100"}@${o.domain ?? bracketed(o.address)}>`,
    `regint=${o.register ?? 0}`,
    `answermode=${o.answer ?? "auto"}`,
    `audio_codecs=${(o.codecs ?? ["PCMU/8000/1", "PCMA/8000/1"]).join(",")}`,
    ...(o.auth ? [`auth_user=${o.auth.username}`, `auth_pass=${o.auth.password}`] : []),
    ...(o.outbound === undefined ? [] : [`outbound="${o.outbound}"`]),
    ...(o.mediaEncryption === undefined ? [] : [`mediaenc=${o.mediaEncryption}`]),
  ].join(";");
}

/** Starts a baresip and waits until it is ready. */
export async function phone(o: PhoneOptions): Promise<Phone> {
  const recordings = join(o.dir, "recordings");
  for (const dir of [recordings, join(o.dir, "sounds")]) mkdirSync(dir, { recursive: true });
  const play = join(o.dir, "play.wav");
  writeWav(play, tone(o.playHz ?? 0, o.playMs ?? 60_000));
  writeFileSync(join(o.dir, "config"), configuration(o, play));
  writeFileSync(join(o.dir, "accounts"), `${account(o)}\n`);
  writeFileSync(join(o.dir, "contacts"), "");
  const command = o.tools.command("baresip", ["-f", o.dir, "-s"]);
  const running = await o.launcher.spawn(o.name, command, { cwd: o.dir, env: { HOME: o.dir } });
  await running.waitFor(/^baresip is ready/, 5000);
  let seenIncoming = 0;
  let callStart = 0;
  const say = (command: string): void => running.write(`/${command}\n`);
  const startDial = (uri: string): void => {
    callStart = running.lines.length;
    for (const file of readdirSync(recordings)) rmSync(join(recordings, file));
    say(`dial ${uri}`);
  };
  const next = async (pattern: RegExp, ms: number, from: number): Promise<number> => {
    const line = await running.waitFor(pattern, ms, from);
    return running.lines.indexOf(line, from) + 1;
  };
  const source = `${bracketed(o.address)}:${o.port ?? 5060}`;
  return {
    running,
    messages: () => tracedMessages(running.lines, /^(?:UDP|TCP|TLS) (\S+) -> \S+$/, source),
    startDial,
    dial: async (uri, ms = 10_000) => {
      const before = running.lines.length;
      const start = Date.now();
      startDial(uri);
      // What the end of the call before has to say may still come until then.
      const from = await next(/^call: connecting to/, 2000, before);
      callStart = from;
      const line = await running
        .waitFor(/Call established: |: session closed: |failed to connect|connect error/, ms, from)
        .catch(() => undefined);
      if (line === undefined) say("hangup");
      const closed = /session closed: (?:(\d{3}) )?(.*)/.exec(line ?? "");
      const answered = line?.includes("Call established") ?? false;
      const code = answered ? 200 : Number(closed?.[1] ?? 0);
      return {
        answered,
        ...(code === 0 ? {} : { code }),
        reason: closed?.[2] ?? line ?? `no answer in ${ms} ms`,
        rang: running.lines.slice(from).some((l) => l.startsWith("call: SIP Progress: 18")),
        answerMs: Date.now() - start,
      };
    },
    incoming: async (ms) => {
      const sign = o.answer === "manual" ? /Incoming call from/ : /Call established/;
      seenIncoming = await next(sign, ms, seenIncoming);
      callStart = seenIncoming;
    },
    accept: async () => {
      const from = running.lines.length;
      say("accept");
      await running.waitFor(/Call established/, 5000, from);
    },
    hangUp: () => say("hangup"),
    hold: () => say("hold"),
    resume: () => say("resume"),
    digits: (digits) => say(`sndcode ${digits}`),
    transfer: (uri) => say(`transfer ${uri}`),
    // baresip itself is silent about the end of a call that lasted less than a second; its trace is not.
    ended: async (ms) => void (await running.waitFor(/^CSeq: \d+ BYE|: session closed: /, ms, callStart)),
    heard: (hz, minMs) => {
      const last = readdirSync(recordings)
        .filter((f) => f.endsWith("dec.wav"))
        .sort()
        .at(-1);
      return last === undefined
        ? { heard: false, ms: 0, of: 0 }
        : recognise(readWav(join(recordings, last)), hz, minMs);
    },
    stop: () => running.stop(500),
  };
}
