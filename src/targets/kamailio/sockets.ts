/** What the script says of the edge's sockets. */
import { bracketed } from "../../core/host.ts";
import { trusted } from "../escape/escaped.ts";
import type { KamailioDoc, Listener } from "./doc.ts";
import { type CfgGrammar, type KamString, type KamToken, kamString, kamToken } from "./escape.ts";

/** Hosts that are the process's own and no address of the carrier side. */
export function foreignHosts(doc: KamailioDoc): KamString[] {
  const of = (side: string) => doc.listeners.filter((l) => l.name.startsWith(side)).map((l) => l.address);
  const carrier = new Set(of("carrier"));
  return [...new Set(["127.0.0.1", ...of("agents")])]
    .filter((a) => !carrier.has(a))
    .map((a) => kamString(bracketed(a)));
}

/** What no SDP of another host may name: loopback, addresses of the link, and this host's own ones of IPv4. */
export function innerHosts({ listeners }: KamailioDoc): {
  /** How such an address begins, with the blank before it. */
  readonly starts: readonly KamString[];
  /** This host's own ones, as a pattern of the script. */
  readonly own: KamToken;
} {
  const addresses = listeners.flatMap(({ address, advertised }) => [address, advertised ?? address]);
  const own = [...new Set(addresses)].filter((a) => !a.includes(":"));
  return {
    starts: ["127.", "169.254.", ...own].map((start) => kamString(` ${start}`)),
    // An edge of IPv6 alone has none, and no address is empty.
    own: trusted(own.map((a) => kamToken(a).replaceAll(".", "[.]")).join("|") || "none"),
  };
}

/** Host and port that carriers send new calls to. */
export function usualHost(listeners: readonly Listener[]): KamToken {
  const first = listeners.find((l) => l.name.startsWith("carrier"));
  if (first === undefined) return trusted("");
  return trusted(`${kamToken(bracketed(first.advertised ?? first.address))}:${first.port}`);
}

/** The sockets of a side: the first one, and the others with the next hops that they are for. */
export function leaving(listeners: readonly Listener[], side: "carrier" | "agents") {
  const own = listeners.filter((l) => l.name.startsWith(side));
  const context = ({ transport, address, port, advertised }: Listener) => {
    const known = bracketed(advertised ?? address);
    return {
      socket: trusted<CfgGrammar>(`${transport}:${kamToken(bracketed(address))}:${port}`),
      uri: trusted<CfgGrammar>(`sip:${kamToken(known)}:${port};transport=${transport}`),
    };
  };
  const families = new Set(own.map((l) => l.address.includes(":")));
  const test = ({ transport, address }: Listener) => {
    const family = `$(nh(d){s.substr,0,1}) ${address.includes(":") ? "==" : "!="} "["`;
    return trusted<CfgGrammar>(
      // Looking for the parameter is cheaper than taking the URI apart.
      [
        `${transport === "udp" ? "" : 'str_ifind("$nh(u)", "transport=t") && '}$(nh(P){s.tolower}) == "${transport}"`,
        ...(families.size > 1 ? [family] : []),
      ].join(" && "),
    );
  };
  const [first, ...others] = own;
  const none = { socket: trusted<CfgGrammar>(""), uri: trusted<CfgGrammar>("") };
  return {
    first: first === undefined ? none : context(first),
    others: others.map((l) => ({ test: test(l), ...context(l) })),
  };
}

/** The agent side's UDP socket, where it has one for all agents. */
export function onlyUdp(listeners: readonly Listener[]): KamToken | false {
  const [own, ...others] = listeners.filter((l) => l.name.startsWith("agents") && l.transport === "udp");
  if (own === undefined || others.length > 0) return false;
  return trusted(`udp:${kamToken(bracketed(own.address))}:${own.port}`);
}

/** The carrier side's UDP sockets, as PBXs are asked from. */
export function carrierUdp(listeners: readonly Listener[]) {
  const own = listeners.filter((l) => l.name.startsWith("carrier") && l.transport === "udp");
  const of = (v6: boolean) => {
    const l = own.find(({ address }) => address.includes(":") === v6);
    return l !== undefined && trusted<CfgGrammar>(`udp:${kamToken(bracketed(l.address))}:${l.port}`);
  };
  return { udp4: of(false), udp6: of(true) };
}
