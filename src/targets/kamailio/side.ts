/** How the script tells on which side a message came in. */
import { bracketed } from "../../core/host.ts";
import { trusted } from "../escape/escaped.ts";
import type { KamailioDoc, NetworkRow } from "./doc.ts";
import { type KamToken, kamToken } from "./escape.ts";

/** The group of a network of agents in address.list; trunks have those up to 128. */
export const agentGroup = ({ prefix }: NetworkRow): number => 256 + prefix;

/** Longer prefixes first. */
export const agentGroups = (doc: KamailioDoc): number[] =>
  [...new Set(doc.agentNetworks.map(agentGroup))].sort((a, b) => b - a);

/**
 * Whether a message came in on a socket of a side, as the core compares fastest: by port only where the address is shared.
 * A connection that the edge opened has a port of no socket; there it counts whether the other end is an agent.
 */
export function socketTest(doc: KamailioDoc, side: "carrier" | "agents"): KamToken {
  const { listeners, has } = doc;
  const own = listeners.filter((l) => l.name.startsWith(side));
  const elsewhere = new Set(listeners.filter((l) => !own.includes(l)).map((l) => l.address)).add("127.0.0.1");
  const tests = [...new Set(own.map((l) => l.address))].map((address) => {
    const here = `dst_ip == ${kamToken(bracketed(address))}`;
    if (!elsewhere.has(address)) return here;
    const ports = new Set(own.filter((l) => l.address === address).map((l) => `dst_port == ${l.port}`));
    const there = listeners.filter((l) => !own.includes(l) && l.address === address);
    const opened =
      has.tcp && there.length > 0
        ? ` || (proto != UDP && ${[...new Set(there.map((l) => `dst_port != ${l.port} && `))].join("")}${fromAgent(doc, side)})`
        : "";
    return `(${here} && (${[...ports].join(" || ")}${opened}))`;
  });
  return trusted(tests.length === 0 ? "0" : tests.join(" || "));
}

function fromAgent(doc: KamailioDoc, side: "carrier" | "agents"): string {
  const groups = agentGroups(doc);
  if (!doc.has.hostAgents && groups.length === 0)
    return `$sht(peer=>$si) ${side === "agents" ? "!=" : "=="} $null`;
  const tests = [
    "$sht(peer=>$si) != $null",
    ...groups.map((group) => `allow_source_address("${group}")`),
    ...(doc.has.hostAgents ? ['ds_is_from_list("-1", "1")'] : []),
  ];
  const agent = `(${tests.join(" || ")})`;
  return side === "agents" ? agent : `!${agent}`;
}
