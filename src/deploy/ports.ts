/** Who holds which port on this host (proc(5): net/udp, net/tcp), and which are free. */
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonPointer } from "../core/pointer.ts";
import { join } from "../core/pointer.ts";
import type { Model } from "../model/model.ts";
import { control } from "../targets/rtpengine/lower.ts";
import { hasCapability } from "./supervise/process.ts";

export interface Listener {
  readonly at: JsonPointer;
  readonly protocol: "udp" | "tcp";
  readonly address: string;
  readonly port: number;
}

export interface Holder {
  readonly inode: string;
  readonly pid?: number;
  readonly program?: string;
}

/** The sockets that the edge opens for SIP. */
export function listenersOf(model: Model): readonly Listener[] {
  const { network } = model.edge;
  const own = Object.values(network.bind).filter((address) => address !== undefined);
  const side = (name: "carrier" | "agents", addresses: readonly string[]): Listener[] =>
    (["udp", "tcp", "tls"] as const).flatMap((transport) => {
      const port = network[name][transport];
      if (port === undefined) return [];
      const at = join(network.at, name, transport);
      const protocol = transport === "udp" ? "udp" : "tcp";
      return addresses.map((address) => ({ at, protocol, address, port }) as const);
    });
  return [...side("carrier", own), ...side("agents", [network.agents.address])];
}

/** The sockets on which rtpengine takes orders. */
export const relayListeners: readonly Listener[] = [
  { at: "", protocol: "udp", address: control.address, port: control.ng },
  { at: "", protocol: "tcp", address: control.address, port: control.cli },
];

/** Addresses that the edge binds to, with the property each comes from. */
export function addressesOf(model: Model): readonly { readonly at: JsonPointer; readonly address: string }[] {
  const { network } = model.edge;
  const own = Object.values(network.bind).filter((address) => address !== undefined);
  return [
    ...own.map((address) => ({ at: join(network.at, "bind_ip"), address })),
    { at: join(network.at, "agents", "address"), address: network.agents.address },
  ];
}

/** Addresses of this host. */
export function hostAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => entry.address));
}

/** Whether this host can bind to an address: the whole of 127.0.0.0/8 is local without being listed. */
export function isLocal(address: string): boolean {
  return address.startsWith("127.") || address === "::1" || hostAddresses().includes(address);
}

/** The first port that needs no capability to be bound, in this network namespace (ip(7)); it holds for IPv6 too. */
export function firstUnprivilegedPort(): number {
  try {
    return Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "latin1"));
  } catch {
    return 1024;
  }
}

const capNetBindService = 10;

/** Ports below this one cannot be bound by processes that this one starts. */
export function lowestPort(): number {
  return hasCapability(capNetBindService) ? 0 : firstUnprivilegedPort();
}

interface Row {
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** Bound UDP sockets or listening TCP sockets. */
function rows(protocol: "udp" | "tcp"): readonly Row[] {
  return ["", "6"].flatMap((suffix) => {
    let text: string;
    try {
      text = readFileSync(`/proc/net/${protocol}${suffix}`, "latin1");
    } catch {
      return [];
    }
    return text
      .split("\n")
      .slice(1)
      .flatMap((line): Row[] => {
        const fields = line.trim().split(/\s+/);
        const [address = "", port = ""] = (fields[1] ?? "").split(":");
        const listening = protocol === "udp" || fields[3] === "0A";
        return address === "" || !listening
          ? []
          : [{ address, port: Number.parseInt(port, 16), inode: fields[9] ?? "" }];
      });
  });
}

/** The kernel's hexadecimal form: 32-bit words in the byte order of the machine (little endian). */
function kernelForm(address: string): string {
  const bytes = address.includes(":") ? ipv6Bytes(address) : address.split(".").map(Number);
  const words: string[] = [];
  for (let i = 0; i < bytes.length; i += 4)
    words.push(
      bytes
        .slice(i, i + 4)
        .reverse()
        .map((b) => b.toString(16).padStart(2, "0"))
        .join(""),
    );
  return words.join("").toUpperCase();
}

function ipv6Bytes(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const groups = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((g) => Number.parseInt(g, 16));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = new Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0);
  return [...left, ...middle, ...right].flatMap((g) => [g >> 8, g & 0xff]);
}

/** Looks at a socket before it counts as taken, and the milliseconds between them. */
const looks = { count: 6, apart: 200 } as const;

/**
 * The socket of another program that would share the listener's port. It has to be there in every look: a process that ends
 * gives up its descriptors before its sockets leave the kernel's table, and one that starts is ours only in the next look.
 *
 * @param ours the processes that may hold it, as they are now
 */
export async function holderOf(
  listener: Listener,
  ours: () => ReadonlySet<number>,
): Promise<Holder | undefined> {
  let suspects = strangersAt(listener, ours());
  for (let look = 1; look < looks.count && suspects.length > 0; look++) {
    await sleep(looks.apart);
    const before = new Set(suspects.map((holder) => holder.inode));
    suspects = strangersAt(listener, ours()).filter((holder) => before.has(holder.inode));
  }
  return suspects[0];
}

/** Sockets that would share the listener's port, as far as no process of `ours` is seen to hold them. */
function strangersAt(listener: Listener, ours: ReadonlySet<number>): readonly Holder[] {
  const wanted = kernelForm(listener.address);
  const clashing = rows(listener.protocol).filter(
    (row) => row.port === listener.port && (row.address === wanted || /^0+$/.test(row.address)),
  );
  if (clashing.length === 0) return [];
  const owners = socketOwners(new Set(clashing.map((row) => row.inode)));
  return clashing
    .map((row): Holder => ({ inode: row.inode, ...owners.get(row.inode) }))
    .filter((holder) => holder.pid === undefined || !ours.has(holder.pid));
}

function socketOwners(
  inodes: ReadonlySet<string>,
): ReadonlyMap<string, { readonly pid: number; readonly program: string }> {
  const owners = new Map<string, { pid: number; program: string }>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    for (const inode of socketsOf(pid)) {
      if (!inodes.has(inode) || owners.has(inode)) continue;
      const program = unlessGone(() => programOf(pid));
      if (program !== undefined) owners.set(inode, { pid: Number(pid), program });
    }
  return owners;
}

/** Inodes of a process's sockets; none where it is another user's. */
function socketsOf(pid: string): readonly string[] {
  const descriptors = unlessGone(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return descriptors.flatMap((fd) => {
    const target = unlessGone(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? "";
    return /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [];
  });
}

/** Processes end and close descriptors while we look, and those of others stay closed to us. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * A UDP port that nobody holds, above those that the kernel hands out by itself, so that it is still free when the process
 * that uses it is restarted.
 */
export function freePort(avoid: ReadonlySet<number>): number {
  const taken = new Set(rows("udp").map((row) => row.port));
  for (;;) {
    const port = randomInt(61_000, 65_500);
    if (!taken.has(port) && !avoid.has(port)) return port;
  }
}

/** Programs of a private root are started by its loader, which is told their names (ld.so(8), `--argv0`). */
function programOf(pid: string): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  const name = words[words.indexOf("--argv0") + 1];
  return words.includes("--argv0") && name !== undefined && name !== ""
    ? name
    : readFileSync(`/proc/${pid}/comm`, "utf8").trim();
}
