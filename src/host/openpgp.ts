/** Reads OpenPGP public keys (RFC 9580) far enough to say which they are; signatures are checked by apt. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Diagnostic } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";

export interface PublicKeys {
  /** The keys without armour, as gpgv and sqv take them from a file of any name. */
  readonly binary: Uint8Array;
  /** Of the primary keys, hexadecimal in capitals, as `gpg --show-keys` prints them. */
  readonly fingerprints: readonly string[];
}

const tags = { secretKey: 5, publicKey: 6 } as const;

/** The keys of a file, armoured or not; CREW6913 where it cannot be read or holds anything but public keys. */
export async function readKeyFile(path: string): Promise<Result<PublicKeys>> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    return failed(unusable(path, `it cannot be read (${(error as NodeJS.ErrnoException).code ?? error})`));
  }
  if (content.subarray(8, 12).toString("latin1") === "KBXf")
    return failed(unusable(path, "it is a keybox, the private storage of GnuPG"));
  const binary = withoutArmour(content);
  const packets = binary && readPackets(binary);
  if (binary === undefined || packets === undefined)
    return failed(unusable(path, "it is no OpenPGP public key"));
  if (packets.some((p) => p.tag === tags.secretKey))
    return failed(unusable(path, "it holds a secret key, which belongs to the one who signs alone"));
  const fingerprints = packets.flatMap((p) => (p.tag === tags.publicKey ? (fingerprint(p.body) ?? []) : []));
  if (fingerprints.length === 0) return failed(unusable(path, "it is no OpenPGP public key"));
  return ok({ binary, fingerprints: [...new Set(fingerprints)] });
}

/** The bytes of all armoured blocks, or the content itself where it is binary. */
function withoutArmour(content: Buffer): Uint8Array | undefined {
  // every packet begins with a byte above 127, every armour with a dash
  if ((content[0] ?? 0) & 0x80) return content;
  const blocks = content
    .toString("latin1")
    .matchAll(/^-----BEGIN PGP (?:PUBLIC|PRIVATE) KEY BLOCK-----\r?\n([\s\S]*?)^-----END PGP/gm);
  const pieces = [...blocks].map(([, text = ""]) => {
    const body = text.slice(text.search(/^\s*$/m)).replace(/^=[\w+/]{4}\s*$/m, "");
    return Buffer.from(body, "base64");
  });
  return pieces.length === 0 ? undefined : Buffer.concat(pieces);
}

interface Packet {
  readonly tag: number;
  readonly body: Uint8Array;
}

/** All packets (RFC 9580, 4.2); `undefined` where the bytes are not packets from end to end. */
function readPackets(bytes: Uint8Array): readonly Packet[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packets: Packet[] = [];
  try {
    for (let at = 0; at < bytes.length; ) {
      const first = view.getUint8(at);
      if ((first & 0x80) === 0) return undefined;
      const header = first & 0x40 ? lengthOf(view, at + 1) : legacyLengthOf(view, at + 1, first & 3);
      if (header === undefined) return undefined;
      const end = header.from + header.length;
      if (end > bytes.length) return undefined;
      packets.push({
        tag: first & 0x40 ? first & 0x3f : (first >> 2) & 0x0f,
        body: bytes.subarray(header.from, end),
      });
      at = end;
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined; // a length that was cut off
    throw error;
  }
  return packets;
}

interface Header {
  /** Where the body begins. */
  readonly from: number;
  readonly length: number;
}

/** Partial lengths are for data alone (RFC 9580, 4.2.1.4), no key has one. */
function lengthOf(view: DataView, at: number): Header | undefined {
  const first = view.getUint8(at);
  if (first < 192) return { from: at + 1, length: first };
  if (first < 224) return { from: at + 2, length: ((first - 192) << 8) + view.getUint8(at + 1) + 192 };
  return first === 255 ? { from: at + 5, length: view.getUint32(at + 1) } : undefined;
}

function legacyLengthOf(view: DataView, at: number, type: number): Header | undefined {
  if (type === 0) return { from: at + 1, length: view.getUint8(at) };
  if (type === 1) return { from: at + 2, length: view.getUint16(at) };
  return type === 2 ? { from: at + 4, length: view.getUint32(at) } : undefined;
}

/** RFC 9580, 5.5.4; `undefined` for versions that nobody may sign with any more. */
function fingerprint(body: Uint8Array): string | undefined {
  const { length } = body;
  const hash =
    body[0] === 4
      ? createHash("sha1").update(Buffer.from([0x99, length >> 8, length & 0xff]))
      : body[0] === 6
        ? createHash("sha256").update(
            Buffer.from([0x9b, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff]),
          )
        : undefined;
  return hash?.update(body).digest("hex").toUpperCase();
}

function unusable(path: string, reason: string): Diagnostic {
  return {
    code: "CREW6913",
    severity: "error",
    message: `The key file ${path} cannot be used: ${reason}.`,
    why: "A package index is believed only with a good signature by a key that was named for it.",
    help: "Fetch the public key from the project that signs the repository, compare its fingerprint (gpg --show-keys FILE) with the one that the project states, and name that file. From a keyring: gpg --export FINGERPRINT > FILE.",
  };
}
