/** Secrets at deployment: which a Model needs, where their values come from, and what is kept of them. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { type JsonPointer, join, valueAt } from "../core/pointer.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { Model, SecretSource } from "../model/model.ts";
import { type MissingSecret, problems } from "./problems.ts";

/** What the edge checks a digest trunk's or agent's answers with (RFC 3261 22.4, RFC 8760): never the password itself. */
export interface DigestRecord {
  readonly trunk?: string;
  /** Key of an agent, instead of a trunk. */
  readonly agent?: string;
  readonly username: string;
  readonly realm: string;
  readonly ha1: string;
}

/** What the edge answers a carrier's challenge with. The realm is the carrier's to name, so the password itself is needed. */
export interface PasswordRecord {
  readonly trunk: string;
  readonly password: string;
}

export interface BoundSecrets {
  readonly digests: readonly DigestRecord[];
  readonly passwords: readonly PasswordRecord[];
  /** By name or pointer; for the fingerprint alone. */
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Names and values from `NAME=value` lines. CREW6002 where the file cannot be read or a line is none; warns of quotes, which
 * are part of the value (CREW6032), and of a file that every user of the host may read (CREW6033).
 */
export async function readSecrets(file: string): Promise<Result<ReadonlyMap<string, string>>> {
  let text: string;
  let open: boolean;
  try {
    text = await readFile(file, "utf8");
    const found = await stat(file);
    open = found.isFile() && (found.mode & 0o004) !== 0;
  } catch (error) {
    return failed(problems.secretsFile(file, (error as NodeJS.ErrnoException).code ?? "it cannot be read"));
  }
  const found = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined)
      return failed(problems.secretsFile(file, `line ${index + 1} is no NAME=value`));
    found.set(name, value);
  }
  const quoted = [...found].filter(([, value]) => /^(["']).*\1$/.test(value)).map(([name]) => name);
  return ok(found, [
    ...(quoted.length > 0 ? [problems.quotedSecrets(file, quoted)] : []),
    ...(open ? [problems.openSecrets(file)] : []),
  ]);
}

/**
 * Binds every secret that the edge needs now. `draft` is what the config exports, where plain-text ones are found.
 * CREW6001 names all that have no value.
 */
export function bindSecrets(
  model: Model,
  draft: unknown,
  lookup: (name: string) => string | undefined,
): Result<BoundSecrets> {
  const missing: MissingSecret[] = [];
  const values = new Map<string, string>();
  const digests: DigestRecord[] = [];
  const passwords: PasswordRecord[] = [];
  for (const { id, outbound } of model.trunks) {
    if (outbound?.auth === undefined) continue;
    const password = find(outbound.auth.password, draft, lookup);
    if (password === undefined) {
      missing.push({ at: join(outbound.auth.at, "password"), name: nameOf(outbound.auth.password) });
      continue;
    }
    values.set(`${id} outbound ${nameOf(outbound.auth.password)}`, password);
    passwords.push({ trunk: id, password });
  }
  const owners = [
    ...model.trunks.flatMap(({ id, auth }) =>
      auth.type === "digest" ? [{ owner: { trunk: id }, name: id, auth }] : [],
    ),
    ...model.agents.flatMap(({ key, auth }) =>
      auth === undefined ? [] : [{ owner: { agent: key }, name: `agent ${key}`, auth }],
    ),
  ];
  for (const { owner, name, auth } of owners) {
    const password = find(auth.password, draft, lookup);
    if (password === undefined) {
      missing.push({ at: join(auth.at, "password"), name: nameOf(auth.password) });
      continue;
    }
    values.set(`${name} ${nameOf(auth.password)}`, password);
    const hash = createHash(auth.algorithm === "MD5" ? "md5" : "sha256");
    const ha1 = hash.update(`${auth.username}:${auth.realm}:${password}`).digest("hex");
    digests.push({ ...owner, username: auth.username, realm: auth.realm, ha1 });
  }
  return missing.length > 0 ? failed(problems.missingSecrets(missing)) : ok({ digests, passwords, values });
}

function find(
  source: SecretSource,
  draft: unknown,
  lookup: (name: string) => string | undefined,
): string | undefined {
  if ("name" in source) return lookup(source.name) || undefined;
  const value = valueAt(draft, source.pointer);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function nameOf(source: SecretSource): JsonPointer {
  return "name" in source ? source.name : source.pointer;
}
