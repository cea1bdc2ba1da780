/** What kind of address an address is, for the checks. */
import { BlockList, isIP } from "node:net";
import type { IpNetwork } from "../model/model.ts";

const loopback = list(["127.0.0.0/8", "::1/128"]);
/** RFC 1918, 6598, 3927, 4193, 4291. */
const internal = list([
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "fc00::/7",
  "fe80::/10",
]);
/** Never the source of a packet: RFC 1122 section 3.2.1.3, RFC 5771, RFC 1112, RFC 4291. */
const never = list(["0.0.0.0/8", "224.0.0.0/3", "ff00::/8", "::/128"]);

export type AddressKind = "loopback" | "internal" | "never" | "global" | "name";

/** `name` for what is no address. */
export function addressKind(address: string): AddressKind {
  const family = isIP(address);
  if (family === 0) return "name";
  const type = family === 4 ? "ipv4" : "ipv6";
  if (loopback.check(address, type)) return "loopback";
  if (never.check(address, type)) return "never";
  return internal.check(address, type) ? "internal" : "global";
}

/** As the config would write it. */
export function networkText({ address, prefix, family }: IpNetwork): string {
  return prefix === (family === 4 ? 32 : 128) ? address : `${address}/${prefix}`;
}

/** Bytes of an address as hexadecimal text, so that comparing texts compares addresses. */
export function addressKey(address: string, family: 4 | 6): string {
  if (family === 4)
    return address
      .split(".")
      .map((part) => Number(part).toString(16).padStart(2, "0"))
      .join("");
  const [head = "", tail] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [before, after] = [groups(head), tail === undefined ? [] : groups(tail)];
  const zeros = new Array<string>(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, "0")).join("");
}

function list(networks: readonly string[]): BlockList {
  const made = new BlockList();
  for (const network of networks) {
    const [address = "", prefix = ""] = network.split("/");
    made.addSubnet(address, Number(prefix), isIP(address) === 4 ? "ipv4" : "ipv6");
  }
  return made;
}
