/** What `route[SEAL]` of the script seals: AES-128-CBC with a fixed initialization vector, as a URI parameter may hold it. */
import { createDecipheriv } from "node:crypto";

/** The key of an edge's `topology` key, 32 or more hex digits. */
export function sealKey(topology: string): Buffer {
  return Buffer.from(topology.slice(0, 32), "hex");
}

/** What was sealed; `undefined` where it is none of ours. */
export function unseal(sealed: string, key: Buffer): string | undefined {
  // The script leaves out the characters that the vector always gives.
  const bytes = Buffer.from(`${"A".repeat(21)}${sealed.replaceAll("-", "=")}`, "base64");
  const vector = bytes.subarray(0, 16);
  if (bytes.length < 32 || bytes.length % 16 !== 0 || vector.some((byte) => byte !== 0)) return undefined;
  try {
    const aes = createDecipheriv("aes-128-cbc", key, vector);
    return Buffer.concat([aes.update(bytes.subarray(16)), aes.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}
