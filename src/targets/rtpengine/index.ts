/** rtpengine: the media relay of the edge. */
import type { Target } from "../target.ts";
import type { RtpengineDoc } from "./doc.ts";
import { emit } from "./emit.ts";
import { lower } from "./lower.ts";

export const rtpengine = {
  id: "rtpengine",
  summary: "The configuration of the media relay: two interfaces, ports, timeouts, marking.",
  lower,
  emit,
} satisfies Target<RtpengineDoc>;
