/** A bundle on disk that the real programs take, to be spoilt by tests one fault at a time. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBundle } from "../../src/bundle/bundle.ts";
import { type LineMap, lineMapOf } from "../../src/bundle/line-map.ts";
import { writeBundle } from "../../src/bundle/write.ts";
import type { EngineLine } from "../../src/engine/lines.ts";
import { engineRootSpec } from "../../src/host/engine-source.ts";
import { ensureRoot, rootOptions } from "../../src/host/private-root.ts";
import { type EngineRuntime, rootEngine } from "../../src/host/runtime.ts";
import type { Model } from "../../src/model/model.ts";
import { parseConfig } from "../../src/model/parse.ts";
import { targets } from "../../src/targets/registry.ts";

/** The engine of a line from its private root, which the first call on a machine makes. */
export async function engine(line: EngineLine): Promise<EngineRuntime> {
  const { value, diagnostics } = await ensureRoot(engineRootSpec(line), rootOptions(process.env));
  if (value === undefined) throw new Error(diagnostics.map((d) => d.message).join("\n"));
  return rootEngine(line, value);
}

/** An edge with addresses of both families that no host has, two agents, one known by a name, and one trunk. */
export function config(line: EngineLine): unknown {
  return {
    name: "verified",
    engine: line,
    network: {
      public_ip: { v4: "198.51.100.7", v6: "2001:db8:51::7" },
      carrier: { udp: 5060 },
      agents: { address: "10.0.4.1", udp: 5080 },
      rtp: [10000, 20000],
    },
    trunks: [
      {
        crew_id: "acme",
        agents: {
          agent_sarah: { uri: "sip:10.0.4.10:5080" },
          agent_marcus: { uri: ["sip:10.0.4.11:5080", "sip:marcus.agents.example.com:5080"] },
        },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10", "203.0.113.16/28", "2001:db8:a::/64"] },
          inbound_routes: [
            {
              match: { to_uri: "+14155551111" },
              agent_id: "agent_sarah",
              on_failure: [{ agent_id: "agent_marcus" }],
            },
            { match: { to_user: "support" }, agent_id: "agent_marcus" },
          ],
          codecs: [{ name: "PCMU", priority: 1 }],
        },
      },
    ],
  };
}

export interface BundleOnDisk {
  readonly directory: string;
  readonly model: Model;
  readonly lineMap: LineMap;
  read(path: string): string;
  write(path: string, text: string): void;
  /** Replaces the first match in a file; throws where there is none. */
  edit(path: string, what: string | RegExp, by: string): void;
  /** The line (from 1) of the first match. */
  lineOf(path: string, what: string | RegExp): number;
  remove(): void;
}

export function bundleOnDisk(line: EngineLine = "6.1", draft: unknown = config(line)): BundleOnDisk {
  const parsed = parseConfig(draft);
  const model = parsed.value;
  if (model === undefined) throw new Error(JSON.stringify(parsed.diagnostics, null, 1));
  const built = buildBundle(model, targets, "0.0.0");
  if (built.value === undefined) throw new Error(JSON.stringify(built.diagnostics, null, 1));
  const directory = mkdtempSync(join(tmpdir(), "crew-test-verify-"));
  writeBundle(built.value, directory);
  const read = (path: string): string => readFileSync(join(directory, path), "utf8");
  const write = (path: string, text: string): void => writeFileSync(join(directory, path), text);
  const indexOf = (path: string, what: string | RegExp): number => {
    const text = read(path);
    const at = typeof what === "string" ? text.indexOf(what) : text.search(what);
    if (at < 0) throw new Error(`${path} does not hold ${what}`);
    return at;
  };
  return {
    directory,
    model,
    lineMap: lineMapOf(built.value.artifacts),
    read,
    write,
    edit: (path, what, by) => {
      indexOf(path, what);
      write(
        path,
        read(path).replace(what, () => by),
      );
    },
    lineOf: (path, what) => read(path).slice(0, indexOf(path, what)).split("\n").length,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
