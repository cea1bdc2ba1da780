/** Looks for what one side of an edge must not learn of the other: addresses, host names and user names. */

export interface Leak {
  /** Index of the message among those that were looked at. */
  readonly message: number;
  readonly where: "start line" | "header" | "body";
  /** The line, unfolded. */
  readonly line: string;
  readonly needle: string;
  /** How it is written there, where not as it is. */
  readonly as?: "percent-encoded" | "another form of the address" | "base64" | "hexadecimal";
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A needle as a word of its own: `10.0.4.1` is not in `10.0.4.10`, but `example.com` is in `sip.example.com`. */
function asWord(needle: string): RegExp {
  const address = /^[\d.]+$/.test(needle);
  const [before, after] = address ? ["(?<!\\d|\\d\\.)", "(?!\\d|\\.\\d)"] : ["(?<!\\w)", "(?!\\w)"];
  return new RegExp(`${before}${escaped(needle)}${after}`, "i");
}

/** An IPv6 address in the one form that RFC 5952 leaves, or undefined where it is none. */
function canonical6(text: string): string | undefined {
  if (!text.includes(":")) return undefined;
  try {
    return new URL(`http://[${text}]`).hostname;
  } catch {
    return undefined;
  }
}

function percentDecoded(line: string): string {
  return line.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** What the runs of a line say that could be base64 of either alphabet (RFC 4648), wherever in them it begins. */
function base64Decoded(line: string): readonly string[] {
  const runs = line.match(/[A-Za-z0-9+/_-]{8,}/g) ?? [];
  return runs.flatMap((run) =>
    [0, 1, 2, 3].map((i) => Buffer.from(run.slice(i), "base64").toString("latin1")),
  );
}

function hexDecoded(line: string): readonly string[] {
  const runs = line.match(/[0-9a-f]{12,}/gi) ?? [];
  return runs.flatMap((run) => [0, 1].map((i) => Buffer.from(run.slice(i), "hex").toString("latin1")));
}

/** How a line holds a needle; undefined where it does not. */
function held(line: string, needle: string): Pick<Leak, "as"> | undefined {
  const word = asWord(needle);
  if (word.test(line)) return {};
  if (word.test(percentDecoded(line))) return { as: "percent-encoded" };
  const six = canonical6(needle);
  if (six !== undefined && (line.match(/[0-9a-f]*:[0-9a-f:.]+/gi) ?? []).some((t) => canonical6(t) === six))
    return { as: "another form of the address" };
  // Shorter ones are in random tags by chance.
  if (needle.length < 6) return undefined;
  if (hexDecoded(line).some((t) => word.test(t))) return { as: "hexadecimal" };
  if (base64Decoded(line).some((t) => word.test(t))) return { as: "base64" };
  return undefined;
}

/**
 * Every start line, header line and line of a body in which one of the needles stands: addresses, host names, user names.
 * They are found as whole words in any case, percent-encoded, as another form of an IPv6 address, and from six characters
 * on also in base64 and hexadecimal. Empty where nothing leaks.
 */
export function leaks(
  messages: readonly { readonly text: string }[],
  needles: readonly string[],
): readonly Leak[] {
  return messages.flatMap(({ text }, message) => {
    const [head = "", ...bodies] = text.split(/\r?\n\r?\n/);
    const [startLine = "", ...headers] = head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/);
    const lines: readonly (readonly [Leak["where"], string])[] = [
      ["start line", startLine],
      ...headers.map((line) => ["header", line] as const),
      ...bodies.flatMap((b) => b.split(/\r?\n/)).map((line) => ["body", line] as const),
    ];
    return lines.flatMap(([where, line]) =>
      needles.flatMap((needle) => {
        const how = held(line, needle);
        return how === undefined ? [] : [{ message, where, line, needle, ...how }];
      }),
    );
  });
}
