/** How Kamailio is started for a verification: as a deployment would, with keys and credentials that mean nothing. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Model } from "../model/model.ts";
import { bindingFiles, type KamailioBinding, kamailioArguments } from "../targets/kamailio/binding.ts";
import type { VerifyOptions } from "./report.ts";
import { throwawayCertificate } from "./throwaway.ts";

export interface KamailioStart {
  /** After the program's name. */
  readonly arguments: readonly string[];
  /** The `ctl` stream socket. */
  readonly rpcSocket: string;
  /** Values of the private files, not to be shown. */
  readonly secrets: readonly string[];
  /** Another path of the bundle's folder, which Kamailio's script language can carry. */
  readonly alias: string;
}

/**
 * Writes the private files of a start-up into a folder of the cell. `directory` is where the bundle lies, absolute.
 * Throws where the folder for temporary files has a path that Kamailio cannot read.
 */
export function prepareKamailio(
  options: VerifyOptions,
  directory: string,
  cellDirectory: string,
): KamailioStart {
  const { model, runtime } = options;
  const alias = join(cellDirectory, "bundle");
  symlinkSync(directory, alias);
  const privateDirectory = join(cellDirectory, "private");
  const key = (): string => randomBytes(16).toString("hex");
  const binding: KamailioBinding = {
    generation: 1,
    directory: join(alias, "kamailio"),
    privateDirectory,
    handoverPort: handoverPort(model),
    keys: { topology: key(), route: key(), nonce: key() },
    rtpengine: "udp:127.0.0.1:2223",
    ...(model.edge.network.tls === undefined ? {} : { tlsConfig: throwawayTls(directory, cellDirectory) }),
    digests: [
      ...model.trunks.flatMap(({ id, auth }) => (auth.type === "digest" ? [{ trunk: id, auth }] : [])),
      ...model.agents.flatMap(({ key, auth }) => (auth === undefined ? [] : [{ agent: key, auth }])),
    ].map(({ auth, ...owner }) => ({
      ...owner,
      username: auth.username,
      realm: auth.realm,
      ha1: randomBytes(auth.algorithm === "MD5" ? 16 : 32).toString("hex"),
    })),
    passwords: model.trunks.flatMap(({ id, outbound }) =>
      outbound?.auth === undefined ? [] : [{ trunk: id, password: key() }],
    ),
  };
  for (const file of bindingFiles(binding, model)) {
    const path = join(privateDirectory, file.path);
    mkdirSync(dirname(path), { mode: 0o700, recursive: true });
    writeFileSync(path, file.text, { mode: file.mode });
  }
  return {
    arguments: [...kamailioArguments(binding, model), "-Y", privateDirectory, "-L", runtime.kamailioModules],
    rpcSocket: join(privateDirectory, "ctl.sock"),
    secrets: [
      ...Object.values(binding.keys),
      ...binding.digests.map((d) => d.ha1),
      ...(binding.passwords ?? []).map((p) => p.password),
    ],
    alias,
  };
}

/**
 * tls.cfg with files that anybody may read: the cell has another user than the edge, and verifies on hosts that have none of
 * the edge's files. The real ones are looked at apart.
 */
function throwawayTls(directory: string, cellDirectory: string): string {
  const { certificate, privateKey } = throwawayCertificate("verify.invalid");
  const own = (name: string): string => join(cellDirectory, name);
  writeFileSync(own("edge.pem"), certificate);
  writeFileSync(own("edge.key"), privateKey, { mode: 0o600 });
  const files: Readonly<Record<string, string>> = {
    certificate: own("edge.pem"),
    private_key: own("edge.key"),
    ca_list: own("edge.pem"),
  };
  const text = readFileSync(join(directory, "kamailio/tls.cfg"), "utf8");
  writeFileSync(
    own("tls.cfg"),
    text.replace(/^(\w+) = ".*"$/gm, (line, name: string) =>
      files[name] === undefined ? line : `${name} = "${files[name]}"`,
    ),
  );
  return own("tls.cfg");
}

/** A port on 127.0.0.1 that no socket of the edge takes. */
function handoverPort(model: Model): number {
  const { carrier, agents } = model.edge.network;
  const taken = new Set([carrier.udp, agents.udp, 2223]);
  for (let port = 5099; ; port++) if (!taken.has(port)) return port;
}
