/** RTP by hand: whether what one party says where it was told to comes out at the other. */
import type { UdpPeer } from "../../lab/sockets.ts";
import { bodyOf } from "./message.ts";

/** Where an SDP has its audio sent: of a whole message, or of the body alone. */
export function audioOf(told: string): { readonly address: string; readonly port: number } {
  const body = told.includes("\r\n\r\n") ? bodyOf(told) : told;
  return {
    address: /^c=IN IP[46] (\S+)/m.exec(body)?.[1] ?? "",
    port: Number(/^m=audio (\d+)/m.exec(body)?.[1]),
  };
}

let bursts = 0;

/** Whether PCMU (RFC 3550) sent from one socket to where an SDP has it sent comes out at the other socket. */
export async function flows(from: UdpPeer, told: string, to: UdpPeer): Promise<boolean> {
  const mark = ++bursts;
  const ours = (data: Buffer): boolean => data.length === 172 && data.readUInt32BE(168) === mark;
  for (let i = 0; i < 6; i++) {
    const packet = Buffer.alloc(172, 0xff);
    packet.writeUInt16BE(0x8000);
    packet.writeUInt16BE((mark * 100 + i) & 0xffff, 2);
    packet.writeUInt32BE((mark * 100 + i) * 160, 4);
    packet.writeUInt32BE(from.port, 8);
    packet.writeUInt32BE(mark, 168);
    await from.send(packet, audioOf(told));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (let waited = 0; waited < 500; waited += 20) {
    if (to.received.filter((d) => ours(d.data)).length >= 4) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}
