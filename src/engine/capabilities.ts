/** What each engine line can do: yes, no with a reason, or unsafe with the advisory that says so. */
import { type CapabilityName, capabilities, capabilityNames } from "./capability-names.ts";
import {
  type EngineLine,
  type EnginePackage,
  type EngineRevisions,
  engineLine,
  engineLines,
  enginePackages,
} from "./lines.ts";
import { type Advisory, unsafeRevision } from "./revisions.ts";

export type Capability =
  | { readonly status: "yes" }
  | { readonly status: "no"; readonly reason: string }
  | { readonly status: "unsafe"; readonly reason: string; readonly advisories: readonly Advisory[] };

type Missing = Readonly<Partial<Record<EngineLine, string>>>;

const only56 = (reason: string): Missing => ({ "5.6": reason });
const fixedPeersOnly =
  "Debian 12's packages serve peers of fixed address only: known holes of Kamailio 5.6.3 stay open there";
const passThroughOnly =
  "with rtpengine 10.5 codecs only pass through: its Opus encoder ignores rate and bit rate, and DTMF gets lost beside Opus";

const mixedEvents =
  "transcoded, events of 8 kHz in an Opus stream arrive twice and out of order: none are negotiated there";

const firstRings =
  "rtpengine up to 12.5 keeps the target's port for the first telephone that sent early media: of another one that answers then, nothing is heard";

/** What a line cannot do whatever its revision; what is not named here it can. */
const missing: Readonly<Partial<Record<CapabilityName, Missing>>> = {
  tcp: only56("Debian 12's packages serve UDP only: a hole in reading TCP (CVE-2026-39863) stays open there"),
  digest_inbound: only56(fixedPeersOnly),
  sha256_digest: only56(fixedPeersOnly),
  dynamic_peers: only56(fixedPeersOnly),
  learned_media: only56(
    "rtpengine 10.5.3.5-1+deb12u1 has the heuristic fix of CVE-2025-53399 alone: no strict source while it learns",
  ),
  forked_early_media: { "6.0": firstRings, "5.6": firstRings },
  srtp: only56("the keys would cross the network in the clear, as there is no safe TLS on this line"),
  srtp_recrypt: {
    "6.0": "the recrypt flag came with rtpengine 12.5.1.46; Debian 13 has 12.5.1.31",
    "5.6": "the recrypt flag came with rtpengine 12.5.1.46",
  },
  webrtc: only56("the WebRTC flag came with rtpengine 12.5"),
  transcoding: only56(passThroughOnly),
  transcode_opus: only56(passThroughOnly),
  opus_sample_rate: only56(passThroughOnly),
  opus_dtmf_8000: {
    "6.1": mixedEvents,
    "6.0": mixedEvents,
    "5.6": "the allow-asymmetric-codecs flag came with rtpengine 11.5",
  },
  measured_jitter: only56("measure-rtp came with rtpengine 11.5"),
  kernel_forwarding: only56(
    "rtpengine 10.5 has an iptables target alone; the nftables expression came with 12.5",
  ),
  tcp_limits: only56("tcp_accept_iplimit and msg_recv_max_size came with Kamailio 5.8"),
};

/**
 * Whether a line can do something. Without `revisions` the answer is for the newest revisions of its Debian suite
 * (suite, updates and security together); with those of an installed engine it is for that engine.
 */
export function capability(
  line: EngineLine,
  name: CapabilityName,
  revisions: Partial<EngineRevisions> = {},
): Capability {
  const installed: EngineRevisions = { ...engineLine(line).reference, ...revisions };
  const found = enginePackages
    .flatMap((p: EnginePackage) => unsafeRevision(p, installed[p]))
    .filter((a) => a.affects.includes(name));
  if (found.length > 0) {
    const reason = found
      .map((a) => `${a.id}: ${a.summary} (${a.package} ${installed[a.package]})`)
      .join("; ");
    return { status: "unsafe", reason, advisories: found };
  }
  const reason = missing[name]?.[line];
  return reason === undefined ? { status: "yes" } : { status: "no", reason };
}

/** The capabilities that a line's current packages serve and the given revisions do not: reasons to update. */
export function lostCapabilities(
  line: EngineLine,
  revisions: Partial<EngineRevisions>,
): readonly { readonly name: CapabilityName; readonly reason: string }[] {
  return capabilityNames.flatMap((name) => {
    const now = capability(line, name, revisions);
    return now.status === "unsafe" && capability(line, name).status !== "unsafe"
      ? [{ name, reason: now.reason }]
      : [];
  });
}

/** A column of the table: a line in the newest revisions of its Debian suite, or in those of an installed engine. */
export interface TableColumn {
  readonly line: EngineLine;
  readonly installed?: { readonly revisions: EngineRevisions; readonly place: string };
}

/**
 * The whole table as Markdown, with the reasons as numbered notes; without columns that of all lines, the same text on
 * every machine.
 */
export function capabilityTable(
  columns: readonly TableColumn[] = engineLines.map((line) => ({ line })),
): string {
  const notes: string[] = [];
  const note = (text: string): number => {
    if (!notes.includes(text)) notes.push(text);
    return notes.indexOf(text) + 1;
  };
  const heads = columns.map(({ line, installed }) => {
    const { debian, reference } = engineLine(line);
    const { revisions, place } = installed ?? { revisions: reference, place: debian.suite };
    return `${line} (${place}: Kamailio ${revisions.kamailio}, rtpengine ${revisions["rtpengine-daemon"]})`;
  });
  const rows = capabilityNames.map((name) => {
    const cells = columns.map(({ line, installed }) => {
      const c = capability(line, name, installed?.revisions);
      return c.status === "yes" ? "yes" : `${c.status} [${note(c.reason)}]`;
    });
    return `| \`${name}\` | ${capabilities[name]} | ${cells.join(" | ")} |`;
  });
  return [
    `| capability | meaning | ${heads.join(" | ")} |`,
    `|---|---|${columns.map(() => "---|").join("")}`,
    ...rows,
    "",
    ...notes.map((text, i) => `${i + 1}. ${text}.`),
    "",
  ].join("\n");
}
