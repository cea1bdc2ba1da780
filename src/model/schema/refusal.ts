/** A SIP response that refuses a call. */
import { z } from "zod";
import { reasonPhrase } from "./text.ts";

export const refusal = z
  .strictObject({
    code: z.int().min(400).max(699).describe("SIP status code of the refusal (RFC 3261 section 21)."),
    reason: reasonPhrase.describe("Reason phrase. Default: the usual one of the code.").optional(),
  })
  .meta({ title: "Refusal" });
