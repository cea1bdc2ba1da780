/** Canonical IP addresses and networks. Only the plain forms are taken: octal, hexadecimal and short IPv4 mean different things to different programs. */
import { isIP, isIPv4 } from "node:net";
import ipaddr from "ipaddr.js";
import type { JsonPointer } from "../../core/pointer.ts";
import type { IpNetwork } from "../model.ts";
import type { Report } from "./report.ts";

/** Canonical text (RFC 5952 for IPv6, an IPv4-mapped address as IPv4), or `undefined` where it is no address. */
export function canonicalAddress(
  text: string,
): { readonly address: string; readonly family: 4 | 6 } | undefined {
  if (isIP(text) === 0 || text.includes("%")) return undefined;
  if (isIPv4(text)) return { address: text, family: 4 };
  const parsed = ipaddr.IPv6.parse(text);
  if (parsed.isIPv4MappedAddress()) return { address: parsed.toIPv4Address().toString(), family: 4 };
  return { address: parsed.toRFC5952String(), family: 6 };
}

/** Reads one entry of an allowlist: an address or a network in CIDR form without host bits (RFC 4632). */
export function resolveNetwork(text: string, at: JsonPointer, report: Report): IpNetwork | undefined {
  const [host = "", length] = text.split("/");
  const address = canonicalAddress(host);
  if (address === undefined) {
    report({
      code: "CREW2105",
      severity: "error",
      pointer: at,
      message: `'${text}' is not an IP address or network.`,
      why: "Forms with leading zeros, with fewer than four parts or in hexadecimal mean different addresses to different programs.",
      help: "Write four decimal numbers such as 203.0.113.10, or an IPv6 address, with /length for a network.",
    });
    return undefined;
  }
  const bits = address.family === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits || (length !== undefined && length !== String(prefix))) {
    report({
      code: "CREW2105",
      severity: "error",
      pointer: at,
      message: `'${text}' has a network length that does not exist: ${address.family === 4 ? "IPv4 has 0 to 32" : "IPv6 has 0 to 128"}.`,
    });
    return undefined;
  }
  const network = networkAddress(address.address, address.family, prefix);
  if (network !== address.address) {
    report({
      code: "CREW2106",
      severity: "error",
      pointer: at,
      message: `'${text}' is an address inside a network, not a network.`,
      why: "It is unclear whether the one address or the whole network is meant.",
      help: `Write '${network}/${prefix}' for the network or '${address.address}' for the address.`,
      fix: {
        applicability: "unsafe",
        title: `Write '${network}/${prefix}'`,
        replacement: JSON.stringify(`${network}/${prefix}`),
      },
    });
    return undefined;
  }
  return { at, address: network, prefix, family: address.family };
}

function networkAddress(address: string, family: 4 | 6, prefix: number): string {
  if (family === 4)
    return prefix === 32 ? address : ipaddr.IPv4.networkAddressFromCIDR(`${address}/${prefix}`).toString();
  return prefix === 128
    ? address
    : ipaddr.IPv6.parse(
        ipaddr.IPv6.networkAddressFromCIDR(`${address}/${prefix}`).toString(),
      ).toRFC5952String();
}
