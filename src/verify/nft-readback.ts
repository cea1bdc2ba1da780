/** Compares the firewall that the kernel holds with what the target decided: allowed networks, guarded sockets, media ports. */
import { isIPv6 } from "node:net";
import type { NftablesDoc } from "../targets/nftables/doc.ts";

/** Objects of `nft -j list ruleset`. */
export type NftObject = Readonly<Record<string, unknown>>;

export interface Difference {
  readonly message: string;
  /** Words of the artifact to find the line by. */
  readonly words: readonly string[];
}

/** First and last address, as numbers. */
type Range = readonly [bigint, bigint];

/** Everything that differs. Sets are compared as ranges, since the kernel merges neighbours. */
export function firewallDifferences(doc: NftablesDoc, objects: readonly NftObject[]): readonly Difference[] {
  const sets = new Map(
    bodies(objects, "set").map((set) => [String(set.name), (set.elem as unknown[]) ?? []]),
  );
  const rules = bodies(objects, "rule")
    .filter((rule) => rule.chain === "input")
    .map(ruleText);
  return [...doc.sides.flatMap((side) => setDifferences(side, sets)), ...ruleDifferences(doc, rules)];
}

function bodies(objects: readonly NftObject[], kind: string): readonly NftObject[] {
  return objects.flatMap((object) => (kind in object ? [object[kind] as NftObject] : []));
}

function setDifferences(
  { set, allowed }: NftablesDoc["sides"][number],
  sets: ReadonlyMap<string, readonly unknown[]>,
): readonly Difference[] {
  return ([4, 6] as const).flatMap((family) => {
    const name = `${set}${family}`;
    const networks = allowed
      .flatMap((group) => group.networks)
      .filter((network) => network.family === family);
    const meant = merged(networks.map(({ address, prefix }) => rangeOf(address, prefix)));
    const loaded = merged((sets.get(name) ?? []).map(elementRange));
    const missing = networks.filter(({ address, prefix }) => !covers(loaded, rangeOf(address, prefix)));
    const foreign = loaded.filter((range) => !covers(meant, range));
    return [
      ...missing.map(({ address, prefix }) => ({
        message: `the set ${name} does not hold ${address}/${prefix}`,
        words: [address],
      })),
      ...(foreign.length > 0
        ? [{ message: `the set ${name} holds addresses that no property names`, words: [`set ${name}`] }]
        : []),
    ];
  });
}

function ruleDifferences(doc: NftablesDoc, rules: readonly string[]): readonly Difference[] {
  const { addresses, first, last } = doc.media;
  const meant = [
    ...addresses.map((address) => ({
      rule: `${address} udp ${first}-${last} accept`,
      words: [`${first}-${last}`],
    })),
    ...doc.sides.flatMap((side) =>
      side.sockets.map(({ address, protocol, port }) => ({
        rule: `${address} ${protocol} ${port} ${side.name}`,
        words: [`${address} ${protocol} dport ${port}`],
      })),
    ),
  ];
  return meant
    .filter(({ rule }) => !rules.includes(rule))
    .map(({ rule, words }) => ({ message: `there is no rule for ${rule}`, words }));
}

/** `address protocol port target` of a rule, as far as it has them. */
function ruleText(rule: NftObject): string {
  const parts: string[] = [];
  for (const statement of rule.expr as readonly NftObject[]) {
    const match = statement.match as
      | { left?: { payload?: { protocol?: string; field?: string } }; right?: unknown }
      | undefined;
    const payload = match?.left?.payload;
    if (payload?.field === "daddr") parts.push(String(match?.right));
    else if (payload?.field === "dport") parts.push(payload.protocol ?? "", portText(match?.right));
    else if (statement.jump) parts.push(String((statement.jump as { target: unknown }).target));
    else if ("accept" in statement) parts.push("accept");
  }
  return parts.join(" ");
}

function portText(right: unknown): string {
  const range = (right as { range?: readonly number[] }).range;
  return range === undefined ? String(right) : range.join("-");
}

function elementRange(element: unknown): Range {
  if (typeof element === "string") return rangeOf(element, isIPv6(element) ? 128 : 32);
  const { prefix, range } = element as {
    prefix?: { addr: string; len: number };
    range?: readonly [string, string];
  };
  if (prefix !== undefined) return rangeOf(prefix.addr, prefix.len);
  if (range !== undefined) return [numberOf(range[0]), numberOf(range[1])];
  return [0n, 0n];
}

function rangeOf(address: string, prefix: number): Range {
  const start = numberOf(address);
  return [start, start + (1n << BigInt((isIPv6(address) ? 128 : 32) - prefix)) - 1n];
}

function numberOf(address: string): bigint {
  if (!isIPv6(address)) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text = dotted
    ? `${dotted[1]}${hex16(Number(dotted[2]) * 256 + Number(dotted[3]))}:${hex16(Number(dotted[4]) * 256 + Number(dotted[5]))}`
    : address;
  const [head = "", tail] = text.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
  return groups.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

function hex16(value: number): string {
  return value.toString(16);
}

function merged(ranges: readonly Range[]): readonly Range[] {
  const sorted = [...ranges].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  const result: [bigint, bigint][] = [];
  for (const [start, end] of sorted) {
    const last = result.at(-1);
    if (last === undefined || start > last[1] + 1n) result.push([start, end]);
    else if (end > last[1]) last[1] = end;
  }
  return result;
}

function covers(ranges: readonly Range[], [start, end]: Range): boolean {
  return ranges.some(([first, last]) => first <= start && end <= last);
}
