/** Samples of the checks: a small edge without a flaw, and changes to it. */

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

interface SampleTrunk {
  readonly [name: string]: Json;
}

const trunk: SampleTrunk = {
  crew_id: "acme",
  agents: { agent_sarah: { uri: "sip:10.0.4.10:5080" } },
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },
    inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }],
  },
};

/** A JSON config of one trunk; `undefined` is not JSON, so a change replaces a property as a whole or adds to an object. */
export function sampleTrunk(change: { readonly [name: string]: Json }): string {
  return sampleEdge({}, change);
}

/** A JSON config with changes to the edge and to each of its trunks. */
export function sampleEdge(
  change: { readonly [name: string]: Json },
  ...trunks: readonly { readonly [name: string]: Json }[]
): string {
  const edge: Json = {
    trunks: (trunks.length === 0 ? [{}] : trunks).map((t) => merged(trunk, t)),
    network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } },
  };
  return `${print(merged(edge, change), "")}\n`;
}

function merged(base: Json, change: Json): Json {
  if (!isRecord(base) || !isRecord(change)) return change;
  const names = [...new Set([...Object.keys(base), ...Object.keys(change)])];
  return Object.fromEntries(
    names.map((name) => {
      const [own, other] = [base[name], change[name]];
      return [name, own === undefined ? (other ?? null) : other === undefined ? own : merged(own, other)];
    }),
  );
}

function isRecord(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON with short values on one line, as a person would write it. */
function print(value: Json, indent: string): string {
  const short = oneLine(value);
  if (short.length + indent.length <= 90 || typeof value !== "object" || value === null) return short;
  const inner = `${indent}  `;
  const parts = isRecord(value)
    ? Object.entries(value).map(([name, v]) => `${inner}${JSON.stringify(name)}: ${print(v, inner)}`)
    : value.map((v) => inner + print(v, inner));
  const [open, close] = isRecord(value) ? "{}" : "[]";
  return `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}

function oneLine(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const parts = Object.entries(value).map(([name, v]) => `${JSON.stringify(name)}: ${oneLine(v)}`);
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}
