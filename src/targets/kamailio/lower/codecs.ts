/** Codec lists as rtpengine flags, and what is needed where two sides have none in common. */
import type { AgentModel, CodecName, EngineLine, TrunkModel } from "../../../model/model.ts";

/** What the script is told of the codecs between a trunk and an agent. */
export interface Codecs {
  /** Flags that pass common codecs on; absent: nothing passes as it is. */
  readonly pass?: string;
  /** `08-6`: codecs of the carrier's side and of the agent's, where the media relay may turn one into the other. */
  readonly lists?: string;
}

/** A codec in a claim: its static payload type (RFC 3551); 6 stands for Opus, which has none. */
const digits = { PCMU: "0", PCMA: "8", G722: "9", opus: "6" } as const;

/** What passes between a trunk and an agent, and what is transcoded. Line 5.6 transcodes nothing. */
export function codecsBetween(trunk: TrunkModel, agent: AgentModel, line: EngineLine): Codecs {
  const carrier = trunk.codecs.map((c) => c.name);
  const spoken = agent.codecs ?? carrier;
  const common = spoken.filter((c) => carrier.includes(c));
  const pass = common.length > 0 && trunk.transcode !== "always" ? { pass: codecFlags(common) } : {};
  // A caller may offer only what the agent does not have.
  const apart = trunk.transcode === "always" || carrier.some((c) => !spoken.includes(c));
  if (trunk.transcode === "never" || line === "5.6" || !apart) return pass;
  return { ...pass, lists: `${codecDigits(carrier)}-${codecDigits(spoken)}` };
}

/** A list of codecs as a claim has it. */
export function codecDigits(codecs: readonly CodecName[]): string {
  return codecs.map((c) => digits[c]).join("");
}

/**
 * Flags that leave exactly these codecs, in this order, and telephone events, of what is offered; nothing is transcoded.
 * Opus is only ever kept in place (`codec-except`): on every engine line, offering or stripping it by name makes rtpengine
 * add telephone-event/48000, and an agent that picks that gets transcoded. A list with Opus further down therefore keeps the
 * offerer's order. Only the dash form of flags is read by every line.
 */
export function codecFlags(codecs: readonly CodecName[]): string {
  const except = (names: readonly string[]) => names.map((c) => `codec-except-${c}`);
  const offer = (names: readonly string[]) => names.map((c) => `codec-offer-${c}`);
  const place = codecs.indexOf("opus");
  const rest = codecs.slice(1);
  const order =
    place < 0
      ? offer([...codecs, "telephone-event"])
      : place === 0
        ? [...except(["opus", "telephone-event"]), ...offer(rest)]
        : except([...codecs, "telephone-event"]);
  return ["codec-strip-all", ...order].join(" ");
}

/**
 * The flag that offers Opus to who does not get the caller's: with the bandwidth that the trunk asks for (RFC 7587 section
 * 6.1). In flags, `--` stands for `=`.
 */
export function opusOf(trunk: TrunkModel): string | undefined {
  const rate = trunk.codecs.find((c) => c.name === "opus")?.sample_rate;
  return rate === undefined
    ? undefined
    : `codec-transcode-opus/48000/2///maxplaybackrate--${rate};sprop-maxcapturerate--${rate}`;
}
