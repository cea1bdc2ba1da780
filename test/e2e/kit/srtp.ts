/** SRTP by hand (RFC 3711, AES_CM_128_HMAC_SHA1_80): whether what one party encrypts comes out for the other, with the other's key. */
import { createCipheriv, createHmac } from "node:crypto";
import type { UdpPeer } from "../../lab/sockets.ts";
import { audioOf } from "./rtp.ts";

const tagLength = 10;

/** The key stream that begins at a counter block (section 4.1.1). */
const stream = (key: Buffer, block: Buffer, length: number): Buffer =>
  createCipheriv("aes-128-ctr", key, block).update(Buffer.alloc(length));

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));

interface SessionKeys {
  readonly cipher: Buffer;
  readonly auth: Buffer;
  readonly salt: Buffer;
}

/** Session keys of master key and salt, as SDP has them in base64 (section 4.3, no rate). */
function sessionKeys(inline: string): SessionKeys {
  const master = Buffer.from(inline, "base64");
  const [key, salt] = [master.subarray(0, 16), master.subarray(16, 30)];
  const derived = (label: number, length: number): Buffer => {
    const block = Buffer.concat([salt, Buffer.alloc(2)]);
    block.writeUInt8(block.readUInt8(7) ^ label, 7);
    return stream(key, block, length);
  };
  return { cipher: derived(0, 16), auth: derived(1, 20), salt: derived(2, 14) };
}

/** The payload encrypted, or decrypted: of an index below 2^16. */
function crypted(keys: SessionKeys, header: Buffer, payload: Buffer): Buffer {
  const block = Buffer.alloc(16);
  keys.salt.copy(block);
  const place = Buffer.alloc(16);
  header.copy(place, 4, 8, 12);
  header.copy(place, 12, 2, 4);
  return xor(payload, stream(keys.cipher, xor(block, place), payload.length));
}

const tagOf = (keys: SessionKeys, authenticated: Buffer): Buffer =>
  createHmac("sha1", keys.auth).update(authenticated).update(Buffer.alloc(4)).digest().subarray(0, tagLength);

/** A packet as SRTP, its header of 12 octets. */
export function sealed(inline: string, packet: Buffer): Buffer {
  const keys = sessionKeys(inline);
  const header = packet.subarray(0, 12);
  const body = Buffer.concat([header, crypted(keys, header, packet.subarray(12))]);
  return Buffer.concat([body, tagOf(keys, body)]);
}

/** The payload of an SRTP packet, or undefined where it was not made with this key. */
export function opened(inline: string, packet: Buffer): Buffer | undefined {
  const keys = sessionKeys(inline);
  const body = packet.subarray(0, -tagLength);
  if (!tagOf(keys, body).equals(packet.subarray(-tagLength))) return undefined;
  return crypted(keys, body.subarray(0, 12), body.subarray(12));
}

let bursts = 0;

/**
 * Whether PCMU that one socket encrypts with `own` and sends where an SDP says comes out at the other, encrypted with `theirs`: the
 * keys that the two SDPs say that are sent to the edge and by it.
 */
export async function secureFlows(
  from: UdpPeer,
  o: { readonly own: string; readonly told: string; readonly theirs: string },
  to: UdpPeer,
): Promise<boolean> {
  const mark = ++bursts;
  for (let i = 0; i < 6; i++) {
    const packet = Buffer.alloc(172, 0xff);
    packet.writeUInt16BE(0x8000);
    packet.writeUInt16BE((mark * 100 + i) & 0x7fff, 2);
    packet.writeUInt32BE((mark * 100 + i) * 160, 4);
    packet.writeUInt32BE(from.port, 8);
    packet.writeUInt32BE(mark, 168);
    await from.send(sealed(o.own, packet), audioOf(o.told));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const heard = (): number =>
    to.received.filter((d) => {
      const payload = d.data.length === 172 + tagLength ? opened(o.theirs, d.data) : undefined;
      return payload?.readUInt32BE(156) === mark;
    }).length;
  for (let waited = 0; waited < 600; waited += 20) {
    if (heard() >= 4) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}
