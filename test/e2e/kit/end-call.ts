/** Ends a call of a lab as the guard of a deployed edge does, at once. */
import { byesOf } from "../../../src/deploy/guard/byes.ts";
import { type EndableCall, endableCall } from "../../../src/deploy/guard/call-label.ts";
import { relayControl } from "../../../src/deploy/relay.ts";
import { bencode, unbencode } from "../../../src/host/bencode.ts";
import type { NgMessage } from "../../../src/host/ng.ts";
import { sealKey } from "../../../src/targets/kamailio/sealed.ts";
import type { Lab } from "../../lab/netns.ts";
import { statusOf, unique } from "./message.ts";

/** The keys of an edge whose calls are to be ended, and its private socket. */
export const endable = {
  keys: { topology: "1".repeat(32), route: "2".repeat(32), nonce: "3".repeat(32) },
  handoverPort: 7002,
} as const;

/** What the relay's labels say of a call; `undefined` where there is none. */
export async function labelled(lab: Lab, id: string): Promise<EndableCall | undefined> {
  const socket = await lab.udp("127.0.0.1");
  const query = bencode({ command: "query", "call-id": id });
  await socket.send(Buffer.concat([Buffer.from(`${unique("query")} `), query]), relayControl);
  const { data } = await socket.receive(2000);
  await socket.close();
  return endableCall(id, unbencode(data.subarray(data.indexOf(" ") + 1)) as NgMessage);
}

/** Sends both BYEs, with a claim changed where a test wants that, and gives the codes of their answers. */
export async function endCall(
  lab: Lab,
  id: string,
  change: (call: EndableCall) => EndableCall = (call) => call,
): Promise<readonly number[]> {
  const found = await labelled(lab, id);
  if (found === undefined) throw new Error(`the relay has no label of ${id}`);
  const socket = await lab.udp("127.0.0.1");
  const proxy = { address: "127.0.0.1", port: endable.handoverPort };
  const from = { key: sealKey(endable.keys.topology), port: socket.port, proxy: proxy.port };
  const byes = byesOf(change(found), "call_minutes", from);
  for (const { text } of byes) await socket.send(text, proxy);
  const answers = await Promise.all(
    byes.map(({ branch }) => socket.receive(4000, (d) => d.text.includes(branch) && statusOf(d.text) >= 200)),
  );
  await socket.close();
  return answers.map((a) => statusOf(a.text));
}
