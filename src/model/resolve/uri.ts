/** SIP URIs of agents and providers, taken apart (RFC 3261 section 19.1). */
import type { JsonPointer } from "../../core/pointer.ts";
import type { Transport } from "../model.ts";
import { canonicalAddress } from "./address.ts";
import type { Report } from "./report.ts";

export interface SipUriParts {
  readonly user?: string;
  readonly host: string;
  readonly port: number;
  readonly transport: Transport;
}

/** What a URI itself says. */
export interface StatedUri {
  readonly user?: string;
  readonly host: string;
  readonly isName: boolean;
  readonly port?: number;
  readonly transport?: Transport;
}

const shape = /^(sips?):(?:([^@;?]*)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?(?:;([^?]*))?$/i;
const withPassword = /^(sips?:[^@:]*:)[^@]*@/i;
const bareIpv6 = /^(sips?:(?:[^@]*@)?)([0-9a-f]*:[0-9a-f.]*:[0-9a-f:.]*)(;.*)?$/i;
const userShape = /^[A-Za-z0-9\-_.!~*'()&=+$,/]{1,64}$/;
const hostShape = /^(?=.*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62})*\.?$/;
export const defaultPorts: Readonly<Record<Transport, number>> = { udp: 5060, tcp: 5060, tls: 5061 };

/** Takes a URI apart, defaults in place: UDP, or TLS with `sips:`, and the transport's port. */
export function resolveSipUri(text: string, at: JsonPointer, report: Report): SipUriParts | undefined {
  const stated = readSipUri(text, at, report);
  if (stated === undefined) return undefined;
  const { user, host, transport = "udp", port = defaultPorts[transport] } = stated;
  return { ...(user === undefined ? {} : { user }), host, port, transport };
}

/** Takes a URI apart; only `transport` is known among the parameters, everything else is reported (CREW2108). */
export function readSipUri(text: string, at: JsonPointer, report: Report): StatedUri | undefined {
  const shown = text.replace(withPassword, "$1•••@");
  const refuse = (what: string, help: string): undefined => {
    report({ code: "CREW2108", severity: "error", pointer: at, message: `'${shown}' ${what}.`, help });
    return undefined;
  };
  if (shown !== text)
    return refuse(
      "holds a password",
      "Leave it out: URIs are seen by everyone on the way (RFC 3261 section 19.1.1). Passwords have their place in 'auth'.",
    );
  const ipv6 = bareIpv6.exec(text);
  if (ipv6 !== null)
    return refuse(
      "has an IPv6 address without brackets, so that a port cannot be told from it",
      `Write for example '${ipv6[1]}[${ipv6[2]}]${ipv6[3] ?? ""}'.`,
    );
  const parts = shape.exec(text);
  if (parts === null)
    return refuse(
      "is not a SIP URI that can be called",
      "Write for example 'sip:10.0.4.10:5080' or 'sip:10.0.4.10:5080;transport=tcp'.",
    );
  const [, scheme, user, rawHost = "", rawPort, parameters] = parts;
  if (user !== undefined && !userShape.test(user))
    return refuse(
      "has a user part with characters that are not allowed",
      "Use letters, digits and - _ . ! ~ * ' ( ) & = + $ , /.",
    );
  const bare = rawHost.replace(/^\[|\]$/g, "");
  const address = canonicalAddress(bare)?.address;
  if (address === undefined && !hostShape.test(bare))
    return refuse(
      "has a host that is neither an address nor a name",
      "Write an IP address (IPv6 in brackets) or a host name.",
    );
  const isSecure = scheme?.toLowerCase() === "sips";
  let transport: Transport | undefined = isSecure ? "tls" : undefined;
  for (const parameter of (parameters ?? "").split(";").filter((p) => p !== "")) {
    const [name = "", value = ""] = parameter.toLowerCase().split("=");
    if (name !== "transport" || !(value in defaultPorts))
      return refuse(
        `has the parameter '${parameter}', which the edge does not act on`,
        "Only ';transport=udp', ';transport=tcp' and ';transport=tls' are known.",
      );
    // TLS runs over TCP, and this is how RFC 3261 section 26.2.2 has a SIPS URI say so.
    transport = isSecure && value === "tcp" ? "tls" : (value as Transport);
  }
  if (isSecure && transport === "udp")
    return refuse(
      "asks for TLS by its scheme and for UDP, which has none, by its parameter",
      "Write 'sip:' for UDP, or leave out ';transport=udp'.",
    );
  const port = rawPort === undefined ? undefined : Number(rawPort);
  if (port !== undefined && (port < 1 || port > 65535))
    return refuse("has a port outside 1 to 65535", "Write a port between 1 and 65535.");
  return {
    ...(user === undefined ? {} : { user }),
    host: address ?? bare.toLowerCase(),
    isName: address === undefined,
    ...(port === undefined ? {} : { port }),
    ...(transport === undefined ? {} : { transport }),
  };
}
