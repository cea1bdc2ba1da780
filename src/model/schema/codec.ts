/** Codecs: which, in which order, and what is asked of them. */
import { z } from "zod";

export const codecNames = ["PCMU", "PCMA", "opus", "G722"] as const;

export const codecName = z
  .enum(codecNames)
  .describe("Codec by its RTP name (RFC 3551, RFC 7587): `PCMU` is G.711 μ-law, `PCMA` is G.711 A-law.");

export const codec = z
  .strictObject({
    name: codecName,
    priority: z
      .int()
      .min(1)
      .max(100)
      .describe("Order of preference: the lowest number is offered first. Default: place in the list.")
      .optional(),
    sample_rate: z
      .union([z.literal(8000), z.literal(12000), z.literal(16000), z.literal(24000), z.literal(48000)])
      .describe(
        "Audio bandwidth asked of Opus where the edge transcodes to it, in Hz (RFC 7587 maxplaybackrate and sprop-maxcapturerate); Opus that passes keeps what its two ends say. SDP always says opus/48000/2, and beside G.711 the audio has 8 kHz whatever stands here.",
      )
      .optional(),
  })
  .meta({ title: "Codec" });
