/** Looks for ports that two sockets of the booted edge share: Linux lets UDP sockets, and the later one takes everything. */
import type { Cell } from "./cell.ts";
import { kamailioFile } from "./kamailio-parse.ts";
import { type Artifacts, diagnose, findWord } from "./locate.ts";
import type { StepResult } from "./report.ts";

/** State of a UDP socket without a peer, and of a TCP listener, in /proc/net (proc(5)). */
const bound: Readonly<Record<string, string>> = { udp: "07", udp6: "07", tcp: "0A", tcp6: "0A" };

/** Every local address and port must belong to one socket. */
export async function checkSockets(artifacts: Artifacts, cell: Cell): Promise<StepResult> {
  const script = Object.keys(bound)
    .map((name) => `sed 's/^/${name} /' /proc/net/${name} 2>/dev/null`)
    .join("; ");
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
  const end = await cell.run({ file: "sh", args: ["-c", `${script}; true`], env });
  // A reading is no snapshot: a row may come twice where sockets come and go. Sockets differ by inode.
  const owners = new Map<string, Set<string>>();
  for (const { text } of end.lines) {
    const found = socketOf(text);
    if (found === undefined) continue;
    owners.set(found.socket, (owners.get(found.socket) ?? new Set()).add(found.inode));
  }
  const shared = [...owners].filter(([, inodes]) => inodes.size > 1).map(([socket]) => socket);
  return {
    detail: `${owners.size} sockets`,
    diagnostics: shared.map((socket) => {
      const place = findWord(artifacts, kamailioFile, [`=${socket}`, socket.slice(socket.indexOf(":") + 1)]);
      return diagnose(artifacts, {
        code: "CREW5111",
        message: `Two sockets of the edge are bound to ${socket}.`,
        why: "The kernel allows it and gives every packet to the later one, so one of the two programs hears nothing.",
        help: "Give one of them another port.",
        ...(place === undefined ? {} : { place }),
      });
    }),
  };
}

/** `udp:127.0.0.1:5060` of a row; nothing for the cell's own name server, whose address is the wildcard. */
function socketOf(row: string): { readonly socket: string; readonly inode: string } | undefined {
  const [table = "", , local = "", , state, , , , , , inode = ""] = row.trim().split(/\s+/);
  if (bound[table] !== state) return undefined;
  const [address = "", port = ""] = local.split(":");
  if (/^0+$/.test(address)) return undefined;
  const text = address.length === 8 ? dotted(address) : `[${groups(address)}]`;
  return { socket: `${table.replace("6", "")}:${text}:${Number.parseInt(port, 16)}`, inode };
}

/** Words are in the byte order of the host, which is little-endian wherever Debian's rtpengine runs. */
function dotted(hex: string): string {
  return [...Buffer.from(hex, "hex").reverse()].join(".");
}

function groups(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).map((word) => Buffer.from(word, "hex").reverse().toString("hex"));
  const text = (bytes.join("").match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, "")).join(":");
  return text.replace(/(?:^|:)0(?::0)+(?::|$)/, "::");
}
