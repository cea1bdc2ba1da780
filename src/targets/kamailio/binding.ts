/** What a deployment adds to the artifacts: addresses, keys, digests and sockets of one generation. */
import { createHash } from "node:crypto";
import { bracketed } from "../../core/host.ts";
import type { Model } from "../../model/model.ts";
import { isPrintable, kamFormat } from "./escape.ts";
import { readable } from "./lower/grouped.ts";
import { mayRegister } from "./lower/registrar.ts";
import { countExact } from "./lower/routes.ts";
import { sealKey } from "./sealed.ts";

export interface KamailioBinding {
  readonly generation: number;
  /** Folder of the installed `kamailio/` artifacts; absolute. */
  readonly directory: string;
  /** Folder of mode 0700 for bind.cfg, the credentials and the control sockets; absolute. */
  readonly privateDirectory: string;
  /** UDP port on 127.0.0.1 of this generation's private socket. */
  readonly handoverPort: number;
  /** The private socket of the generation before, while it lives. */
  readonly predecessorPort?: number;
  /** `echoPort` is the built-in echo's UDP port on the agent-side address. */
  readonly proof?: { readonly token: string; readonly echoPort: number };
  /** 32 or more hex digits each; kept across generations. */
  readonly keys: { readonly topology: string; readonly route: string; readonly nonce: string };
  /** `udp:127.0.0.1:2223`. */
  readonly rtpengine: string;
  /** One for each digest trunk, and for each agent with a password; `ha1` is the hash of user, realm and password in lower-case hex. */
  readonly digests: readonly {
    readonly trunk?: string;
    /** Key of an agent, instead of a trunk. */
    readonly agent?: string;
    readonly username: string;
    readonly realm: string;
    readonly ha1: string;
  }[];
  /** Text of {@link contactsText}, read at every start; need not be there. Absolute. */
  readonly contacts?: string;
  /** Our passwords at carriers, one for each trunk with `outbound.auth`. */
  readonly passwords?: readonly { readonly trunk: string; readonly password: string }[];
  /** Another tls.cfg than the artifact, for a look at the edge away from its certificates; absolute. */
  readonly tlsConfig?: string;
  /** Somebody tells a process that starts of the calls that there are; new calls wait for that where they are limited. */
  readonly counted?: boolean;
  readonly edgeAddresses?: readonly string[];
}

export interface PrivateFile {
  /** Relative to the private folder. */
  readonly path: string;
  readonly mode: 0o600;
  readonly text: string;
}

/** The files of the private folder. Throws on a path that the script language cannot carry and on keys that are not hex. */
export function bindingFiles(binding: KamailioBinding, model: Model): readonly PrivateFile[] {
  return [{ path: "bind.cfg", mode: 0o600, text: bindCfg(binding, model) }];
}

function bindCfg(binding: KamailioBinding, model: Model): string {
  const { network } = model.edge;
  const dir = plainPath(binding.directory);
  const own = plainPath(binding.privateDirectory);
  const carrier = network.bind.v4 ?? network.bind.v6 ?? network.agents.address;
  const echo = bracketed(network.agents.address);
  const lines = [
    "#!KAMAILIO",
    `# Generation ${binding.generation}.`,
    "#!define CREW_BOUND 1",
    `#!define CREW_DATA "text://${dir}/data"`,
    `#!define CREW_DISPATCHER "${dir}/dispatcher.list"`,
    `#!define CREW_ADDRESS "${dir}/address.list"`,
    `#!define CREW_TLS "${plainPath(binding.tlsConfig ?? `${dir}/tls.cfg`)}"`,
    `#!define CREW_CTL "unixs:${own}/ctl.sock"`,
    `#!define CREW_JSONRPC "${own}/rpc.sock"`,
    `#!define CREW_HANDOVER udp:127.0.0.1:${port(binding.handoverPort)}`,
    `#!substdef "!CREW_PRIVATE!127.0.0.1:${port(binding.handoverPort)}!g"`,
    `#!define CREW_RTPENGINE "${endpoint(binding.rtpengine)}"`,
    `#!substdef "!CREW_RELAY!sip:${endpoint(binding.rtpengine).slice("udp:".length)}!g"`,
    `#!define CREW_NONCE_KEY "${hex(binding.keys.nonce)}"`,
    `#!substdef "!CREW_RECORD_TOKEN!${recordToken(binding.keys)}!g"`,
    `#!substdef "!CREW_SEAL_KEY!${sealKey(hex(binding.keys.topology)).toString("base64")}!g"`,
    `#!substdef "!CREW_ROUTE_KEY!${hex(binding.keys.route)}!g"`,
    ...(binding.predecessorPort === undefined
      ? []
      : [`#!substdef "!CREW_PREDECESSOR!sip:127.0.0.1:${port(binding.predecessorPort)}!g"`]),
    ...(binding.proof === undefined
      ? []
      : [
          `#!substdef "!CREW_PROOF_URI!sip:crew-proof@${echo}:${port(binding.proof.echoPort)}!g"`,
          `#!substdef "!CREW_PROOF_TOKEN!${hex(binding.proof.token)}!g"`,
          `#!substdef "!CREW_PROOF_SOURCE!${carrier}!g"`,
        ]),
    ...(binding.counted === true ? ["#!define CREW_COUNTED 1"] : []),
    `include_file "${dir}/kamailio.cfg"`,
    ...tablesAtStart(binding, model),
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * What stands before every record of an edge on Kamailio's stderr: `crew-<token>: `. Kamailio's own error lines quote what peers
 * sent, line breaks included; a peer does not know the token and so cannot write a record.
 */
export function recordToken(keys: KamailioBinding["keys"]): string {
  return createHash("sha256").update(`record|${keys.route}`).digest("hex").slice(0, 16);
}

/**
 * The command line after the program's name. Memory grows with the tables: about 1.2 KB of shared memory and 1 KB of
 * private memory at start for a row; 0.6 KB and 0.3 KB for an entry of a large route table, where names are longest.
 */
export function kamailioArguments(binding: KamailioBinding, model: Model): readonly string[] {
  const exact = countExact(model.trunks);
  const entries = exact > readable ? exact : 0;
  const rows = model.trunks.reduce((sum, t) => sum + t.routes.length, 0) - entries;
  const shared = 96 + Math.ceil((rows * 1200 + entries * 600) / 1_048_576);
  const own = 16 + Math.ceil((rows * 1100 + entries * 300) / 1_048_576);
  return [
    "-f",
    `${binding.privateDirectory}/bind.cfg`,
    "-DD",
    "-E",
    "-x",
    "tlsf",
    "-X",
    "tlsf",
    "-m",
    String(shared),
    "-M",
    String(own),
    "-w",
    binding.privateDirectory,
    // Kamailio creates its runtime directory, which an ordinary user may not do in /run.
    "-Y",
    binding.privateDirectory,
  ];
}

// substdef and include_file take text as it is; a path with one of these could end it.
function plainPath(path: string): string {
  if (!path.startsWith("/") || !isPrintable(path) || /["\\!$]/.test(path)) {
    throw new Error(`Kamailio's script cannot carry the path ${JSON.stringify(path)}`);
  }
  return path;
}

function hex(value: string): string {
  if (!/^[0-9a-f]{32,128}$/.test(value)) throw new Error("a key of the binding is not 32 to 128 hex digits");
  return value;
}

function port(value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > 65535) throw new Error(`not a port: ${value}`);
  return value;
}

function endpoint(value: string): string {
  if (!/^udp:(?:\d+(?:\.\d+){3}|\[[0-9a-f:]+\]):\d{1,5}$/.test(value)) {
    throw new Error(`not an endpoint such as udp:127.0.0.1:2223: ${JSON.stringify(value)}`);
  }
  return value;
}

/** What tables of the script start with; credentials stand in this file of mode 0600, so in no artifact. */
function tablesAtStart(binding: KamailioBinding, model: Model): string[] {
  const rows = binding.digests.map(
    (d) =>
      `\tsht_setxs("credential", "${kamFormat(`${d.agent === undefined ? "" : "agents!"}${d.realm}:${d.username}`)}", "${kamFormat(d.agent ?? d.trunk ?? "")}^${hex(d.ha1)}", "0");`,
  );
  const passwords = (binding.passwords ?? []).map(
    (p) => `\tsht_setxs("provider", "${kamFormat(p.trunk)}", "${kamFormat(p.password)}", "0");`,
  );
  // A missing file is no error.
  const contacts =
    binding.contacts !== undefined && model.trunks.some(mayRegister)
      ? [`import_file "${plainPath(binding.contacts)}"`]
      : [];
  const all = [...rows, ...passwords, ...contacts];
  return all.length === 0 ? [] : ["event_route[htable:mod-init] {", ...all, "}"];
}

/** Where the PBX of a trunk has registered: a row of the table `binding`. */
export interface ContactRow {
  readonly trunk: string;
  readonly value: string;
}

/** Rows of the table `binding` as a part of the script that fills it. Throws on what such a row never holds. */
export function contactsText(rows: readonly ContactRow[]): string {
  const lines = rows.map(({ trunk, value }) => {
    if (!isContactRow(value)) throw new Error(`no contacts of a trunk: ${JSON.stringify(value)}`);
    return `\tsht_setxs("binding", "${kamFormat(trunk)}", "${kamFormat(value)}", "0");\n`;
  });
  return lines.join("");
}

/** Whether a value is a row of `binding`: when it changed, and contacts of five fields. */
export function isContactRow(value: string): boolean {
  return /^\d{1,12}\.\d{1,6}(?: \d{1,12}\^sip:[\w.:;=[\]]+\^sip:[\x21\x23-\x5b\x5d\x5f-\x7e]+\^[0-9a-f]+\^\d+)*$/.test(
    value,
  );
}
