/** nftables: the firewall of the edge. */
import type { Target } from "../target.ts";
import type { NftablesDoc } from "./doc.ts";
import { emit } from "./emit.ts";
import { lower } from "./lower.ts";

export const nftables = {
  id: "nftables",
  summary: "One table of the host's firewall, which decides only about the ports of the edge.",
  lower,
  emit,
} satisfies Target<NftablesDoc>;
