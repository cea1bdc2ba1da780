/** The edge's own keys: made once, kept across generations, since calls in progress carry what they signed. */
import { createHmac, randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { readJson, writeJson } from "./files.ts";

export interface EdgeKeys {
  /** Masks addresses in headers, 32 hex characters, like the others. */
  readonly topology: string;
  /** Signs what the edge puts into Record-Route. */
  readonly route: string;
  /** Signs digest nonces. */
  readonly nonce: string;
  /** Tells whether secrets changed, without keeping them. */
  readonly fingerprint: string;
}

const names = ["topology", "route", "nonce", "fingerprint"] as const;

/** Reads the keys, making those that are missing. */
export async function edgeKeys(path: string): Promise<EdgeKeys> {
  const kept = await readJson<Partial<EdgeKeys>>(path);
  const keys = Object.fromEntries(
    names.map((name) => [name, kept?.[name] ?? randomBytes(16).toString("hex")]),
  ) as unknown as EdgeKeys;
  if (names.some((name) => kept?.[name] === undefined)) {
    await mkdir(dirname(path), { recursive: true });
    await writeJson(path, keys, 0o600);
  }
  return keys;
}

/** A value that changes with the secrets and tells nothing about them to who lacks the key. */
export function fingerprint(keys: EdgeKeys, secrets: ReadonlyMap<string, string>): string {
  const entries = [...secrets].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHmac("sha256", keys.fingerprint).update(JSON.stringify(entries)).digest("hex");
}
