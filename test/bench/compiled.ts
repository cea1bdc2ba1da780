/** The compiled edge as a variant of the measurement, with media and, as only the bench can, without. */
import type { Model } from "../../src/model/model.ts";
import { emit } from "../../src/targets/kamailio/emit.ts";
import { kamailio } from "../../src/targets/kamailio/index.ts";
import { targets } from "../../src/targets/registry.ts";
import type { AnyTarget } from "../../src/targets/target.ts";
import { startEdge } from "../lab/edge.ts";
import { calledNumber, callee, caller, edgeAddress } from "./calls.ts";
import type { Variant } from "./variants.ts";

const draft = {
  trunks: [
    {
      crew_id: "acme",
      agents: { agent_sarah: { uri: `sip:${callee}:5080` } },
      sip: {
        auth: { type: "ip_allowlist", allowed_ips: [caller] },
        inbound_routes: [{ match: { to_uri: calledNumber }, agent_id: "agent_sarah" }],
        codecs: [{ name: "PCMU" }, { name: "PCMA" }],
      },
    },
  ],
  // Agents on a network of their own, as outside the bench.
  network: { public_ip: edgeAddress, agents: { address: "127.0.0.11" }, rtp: [30000, 39999] },
} as const;

/** The kamailio target as it is, but for the media calls. */
const signallingOnly: AnyTarget = {
  id: kamailio.id,
  summary: kamailio.summary,
  build(model: Model) {
    const lowered = kamailio.lower(model);
    const artifacts = lowered.value === undefined ? [] : emit(lowered.value, { media: false });
    return { artifacts, diagnostics: lowered.diagnostics };
  },
};

export function compiled(options: { readonly media: boolean }): Variant {
  const name = options.media ? "crew, with media" : "crew, signalling";
  return {
    name,
    async start(lab) {
      const folder = options.media ? "crew-media" : "crew-signalling";
      const others = targets.map((t) => (t.id === kamailio.id ? signallingOnly : t));
      const edge = await startEdge(lab, draft, {
        name: folder,
        relay: options.media,
        toFile: true,
        ...(options.media ? {} : { targets: others }),
      });
      return { marker: edge.folder, stop: edge.stop };
    },
  };
}
