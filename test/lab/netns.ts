/** A lab: throwaway namespaces in which independent SIP programs and an edge meet, as hosts of a network. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tools } from "../../src/phone/process.ts";
import { insideArgv, mapAllUsers, newNamespaces, openChannel } from "./channel.ts";
import { type Place, place } from "./place.ts";
import { labTools } from "./tools.ts";

export type { Finished, Place } from "./place.ts";

export interface LabOptions {
  /** Addresses of the lab itself beside 127.0.0.0/8 and ::1, IPv4 or IPv6, without a prefix length. */
  readonly addresses?: readonly string[];
  /** Names that programs in the lab can look up, through /etc/hosts. There is no name server. */
  readonly names?: Readonly<Record<string, string>>;
  /** Whether the lab has all users or root alone, which is the default; all can be had where root runs the test. */
  readonly users?: "root" | "all";
  /** After so many milliseconds everything in the lab is killed; default ten minutes. */
  readonly lifeMs?: number;
}

/**
 * The lab itself is where an edge runs. Programs may share it, each on an address of its own, but only those that bind
 * every socket: one that does not (baresip's RTP and TCP, some of Asterisk's) sends from the address that it sends to.
 */
export interface Lab extends Place {
  /** A folder for files of this lab, removed by `close`. */
  readonly dir: string;
  readonly tools: Tools;
  addAddress(address: string): Promise<void>;
  /**
   * The host that has these addresses, made on first use: a network namespace of its own, linked to the lab and through
   * it to all other hosts. For an address of the lab's own it is the lab.
   */
  host(...addresses: readonly string[]): Promise<Place>;
  /** Kills everything inside and removes the folder. */
  close(): Promise<void>;
}

const single = (address: string): string => `${address}/${address.includes(":") ? 128 : 32}`;

/** Lines for `ip -batch`, for the lab and for the host, that link host number `n`. */
function wiring(n: number, addresses: readonly string[]): { lab: string[]; host: string[] } {
  return {
    lab: [
      `link set v${n} up`,
      // A gateway, since it answers at once that something is unreachable, where a bare link leaves ARP to time out.
      `addr add 169.254.0.1/32 dev v${n}`,
      `addr add fe80::1/64 dev v${n} nodad`,
      ...addresses.map((a) => `route add ${single(a)} ${a.includes(":") ? "via fe80::2 " : ""}dev v${n}`),
    ],
    host: [
      "link set lo up",
      ...addresses.map((a) => `addr add ${single(a)} dev eth0${a.includes(":") ? " nodad" : ""}`),
      "link set eth0 up",
      "addr add fe80::2/64 dev eth0 nodad",
      "route add 0.0.0.0/0 via 169.254.0.1 dev eth0 onlink",
      "route add ::/0 via fe80::1 dev eth0",
    ],
  };
}

/**
 * Opens a lab. Needs user namespaces and no root. Everything in it dies with `close`, with the test process, or when its
 * life is over, whichever comes first.
 */
export async function openLab(options: LabOptions = {}): Promise<Lab> {
  const tools = await labTools();
  const dir = mkdtempSync(join(tmpdir(), "crew-lab-"));
  const lifeMs = options.lifeMs ?? 600_000;
  const etc = join(dir, "etc");
  mkdirSync(etc);
  const names = { lab: "127.0.0.1", ...options.names };
  const lines = [
    "127.0.0.1 localhost",
    ...Object.entries(names).map(([name, address]) => `${address} ${name}`),
    "",
  ];
  writeFileSync(join(etc, "hosts"), lines.join("\n"));
  writeFileSync(join(etc, "resolv.conf"), "");
  const { channel, ready, pid, end } = openChannel(newNamespaces(options.users), lifeMs, etc);
  if (options.users === "all") await mapAllUsers(pid);
  await ready;
  // Readable only from outside: inside, pids start at 1.
  const init = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  const enter = ["nsenter", "--preserve-credentials", "-U", "-m", "-n", "-u", "-i", "-p", "-t", init, "--"];
  const self = place(channel, dir, "any", enter);
  const must = async (what: string, argv: Parameters<Place["exec"]>[0]): Promise<void> => {
    const { code, output } = await self.exec(argv);
    if (code !== 0) throw new Error(`cannot ${what}: ${output}`);
  };
  const ip = (...args: readonly string[]) => tools.command("ip", args);
  const own = new Set<string>();
  const hosts = new Map<string, Promise<Place>>();
  const makeHost = async (n: number, addresses: readonly string[]): Promise<Place> => {
    const name = `h${n}`;
    await must(`make host ${name}`, ip("netns", "add", name));
    await must(
      `link host ${name}`,
      ip("link", "add", `v${n}`, "type", "veth", "peer", "name", "eth0", "netns", name),
    );
    const inside = [...enter, "nsenter", `--net=/run/netns/${name}`, "--"];
    const opened = openChannel([...inside, ...insideArgv()], lifeMs, etc);
    const host = place(opened.channel, dir, "eth0", inside);
    const lines = wiring(n, addresses);
    const batch = (list: readonly string[]): readonly string[] => {
      const { file, args } = ip("-batch", "-");
      const quoted = [file, ...args].map((w) => `'${w}'`).join(" ");
      return ["sh", "-c", `${quoted} <<'END'\n${list.join("\n")}\nEND`];
    };
    await opened.ready;
    const { code, output } = await host.exec(batch(lines.host));
    if (code !== 0) throw new Error(`cannot set up host ${name}: ${output}`);
    await must(`route to host ${name}`, batch(lines.lab));
    return host;
  };
  const lab: Lab = {
    ...self,
    dir,
    tools,
    addAddress: async (address) => {
      own.add(address);
      await must(
        `add ${address} to the lab`,
        ip("addr", "add", single(address), "dev", "lo", ...(address.includes(":") ? ["nodad"] : [])),
      );
    },
    host: (...addresses) => {
      const [first = ""] = addresses;
      if (own.has(first) || first.startsWith("127.") || first === "::1") return Promise.resolve(lab);
      const known = hosts.get(first);
      if (known) return known;
      const made = makeHost(new Set(hosts.values()).size + 1, addresses);
      for (const address of addresses) hosts.set(address, made);
      return made;
    },
    close: async () => {
      await end();
      rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
  try {
    await must("bring the lab's loopback up", ip("link", "set", "lo", "up"));
    const forward = "for f in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 > /proc/sys/net/$f; done";
    await must("let hosts reach each other", ["sh", "-c", forward]);
    for (const address of options.addresses ?? []) await lab.addAddress(address);
  } catch (error) {
    await lab.close();
    throw error;
  }
  return lab;
}

/** Runs `work` in a lab of its own and closes it, also on failure. */
export async function withLab<T>(options: LabOptions, work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await openLab(options);
  try {
    return await work(lab);
  } finally {
    await lab.close();
  }
}
