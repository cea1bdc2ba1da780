/** UDP sockets of the proof call. */
import { createSocket, type Socket } from "node:dgram";

/** A bound socket; rejects where the address is not on this host or the port is taken. */
export function bindUdp(address: string, port = 0): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.once("error", reject);
    socket.bind(port, address, () => {
      socket.removeListener("error", reject);
      // Errors that come back for single datagrams (ICMP) are what retransmission is for.
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}
