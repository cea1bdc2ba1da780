/** The real nft of an engine line in a lab, and drafts of edges to compile for it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Diagnostic } from "../../../src/core/diagnostic.ts";
import type { EngineLine, Model } from "../../../src/model/model.ts";
import { parseConfig } from "../../../src/model/parse.ts";
import { nftables } from "../../../src/targets/nftables/index.ts";
import type { Artifact } from "../../../src/targets/target.ts";
import { labEngine } from "../../lab/edge.ts";
import type { Lab } from "../../lab/netns.ts";

export const lines: readonly EngineLine[] = ["6.1", "6.0", "5.6"];

/** Runs nft and gives what it printed; throws with its complaint. */
export type Nft = (...args: string[]) => Promise<string>;

export async function nftOf(lab: Lab, line: EngineLine): Promise<Nft> {
  const engine = await labEngine(line);
  return async (...args) => {
    const { code, output } = await lab.exec(engine.command("nft", args));
    if (code !== 0) throw new Error(`nft ${args.join(" ")}: ${output.slice(0, 2000)}`);
    return output;
  };
}

let files = 0;

/** Puts a ruleset in force. */
export async function load(lab: Lab, nft: Nft, text: string): Promise<void> {
  const file = join(lab.dir, `rules-${++files}.nft`);
  writeFileSync(file, text);
  await nft("-c", "-f", file);
  await nft("-f", file);
}

export const network = {
  public_ip: { v4: "198.51.100.7", v6: "2001:db8::7" },
  agents: { address: "10.0.4.1" },
};

export interface EdgeParts {
  readonly allowed?: readonly string[];
  readonly digest?: boolean;
  readonly agentUri?: string | readonly string[];
  readonly network?: object;
  readonly name?: string;
}

/** A model with an allowlist trunk, where asked for a digest trunk, and one agent. */
export function modelOf(parts: EdgeParts = {}): Model {
  const agents = { sarah: { uri: parts.agentUri ?? "sip:10.0.4.10:5080" } };
  const inbound_routes = [{ match: { to_user: "1" }, agent_id: "sarah" }];
  const trunk = (crew_id: string, auth: object): object => ({
    crew_id,
    agents,
    sip: { auth, inbound_routes },
  });
  const { value, diagnostics } = parseConfig({
    name: parts.name ?? "lab",
    network: parts.network ?? network,
    trunks: [
      ...inParts(parts.allowed ?? ["203.0.113.10", "2001:db8:1::/64"], 4096).map((allowed_ips, i) =>
        trunk(`acme${i || ""}`, { type: "ip_allowlist", allowed_ips }),
      ),
      ...(parts.digest
        ? [trunk("road", { type: "digest", username: "road", password: { secret: "ROAD" } })]
        : []),
    ],
  });
  if (value === undefined) throw new Error(diagnostics.map((d) => `${d.code} ${d.message}`).join("\n"));
  return value;
}

function inParts<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

export function compile(model: Model): {
  readonly artifact: Artifact;
  readonly diagnostics: readonly Diagnostic[];
} {
  const { value, diagnostics } = nftables.lower(model);
  const artifact = value === undefined ? undefined : nftables.emit(value)[0];
  if (artifact === undefined) throw new Error("nothing emitted");
  return { artifact, diagnostics };
}
