/** CREW3108: a public address that is none. */
import { join } from "../core/pointer.ts";
import { addressKind } from "./addresses.ts";
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";

export const check = {
  code: "CREW3108",
  name: "noInternalPublicIp",
  severity: "warning",
  summary: "'public_ip' is an address that the other end cannot reach.",
  why: "The edge writes 'public_ip' into its messages as the place for replies and audio. A peer on the Internet that reads a private address there answers into the void: calls without audio.",
  bad: sampleEdge({ network: { public_ip: "10.0.4.1" } }),
  good: sampleEdge({ network: { public_ip: "198.51.100.7", bind_ip: "10.0.4.1" } }),
  run(model, report) {
    const { implied, network } = model.edge;
    if (
      implied ||
      !model.trunks.some(
        (t) =>
          t.auth.type === "digest" ||
          (t.auth.type === "ip_allowlist" &&
            t.auth.networks.some((n) => addressKind(n.address) === "global")),
      )
    )
      return;
    for (const address of Object.values(network.public)) {
      const kind = addressKind(address);
      if (kind === "global") continue;
      const digestOnly = model.trunks.every((t) => t.auth.type !== "ip_allowlist");
      if (kind === "loopback" && digestOnly) continue;
      report({
        pointer: join(network.at, "public_ip"),
        message: `'${address}' is a ${kind === "loopback" ? "loopback" : "private"} address, which peers on the Internet cannot reach.`,
        help: "Write the address that peers see, and the host's own address into 'bind_ip'.",
      });
    }
  },
} satisfies Check;
