/** A certificate that means nothing, for booting an edge where its own is not at hand or must not be read. */
import { generateKeyPairSync, sign } from "node:crypto";

export interface Throwaway {
  /** PEM; self-signed, so that it is its own CA too. */
  readonly certificate: string;
  readonly privateKey: string;
}

/** X.509 version 1 (RFC 5280 section 4.1) over a new P-256 key, good for two days. */
export function throwawayCertificate(name: string, now = Date.now()): Throwaway {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const algorithm = sequence(oid(ecdsaWithSha256));
  const subject = sequence(set(sequence(oid(commonName), element(0x0c, Buffer.from(name, "utf8")))));
  const content = sequence(
    element(0x02, Buffer.from([1])),
    algorithm,
    subject,
    sequence(time(now - day), time(now + day)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
  );
  const signature = sign("sha256", content, privateKey);
  const certificate = sequence(
    content,
    algorithm,
    element(0x03, Buffer.concat([Buffer.from([0]), signature])),
  );
  return {
    certificate: pem("CERTIFICATE", certificate),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

const day = 86_400_000;
/** 1.2.840.10045.4.3.2 and 2.5.4.3, as DER has them. */
const ecdsaWithSha256 = "2a8648ce3d040302";
const commonName = "550403";

/** DER: tag, length, content. */
function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => element(0x30, Buffer.concat(parts));
const set = (...parts: readonly Buffer[]): Buffer => element(0x31, Buffer.concat(parts));
const oid = (hex: string): Buffer => element(0x06, Buffer.from(hex, "hex"));

function time(milliseconds: number): Buffer {
  const text = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, "");
  return element(0x18, Buffer.from(text, "ascii"));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
