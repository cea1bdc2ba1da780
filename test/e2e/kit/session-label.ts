/** What rtpengine keeps with a session of a lab. */
import { relayControl } from "../../../src/deploy/relay.ts";
import { bencode, unbencode } from "../../../src/host/bencode.ts";
import type { Lab } from "../../lab/netns.ts";
import { unique } from "./message.ts";

/** The label of a session; empty where there is none. */
export async function sessionLabel(lab: Lab, callId: string): Promise<string> {
  const socket = await lab.udp("127.0.0.1");
  const query = bencode({ command: "query", "call-id": callId });
  await socket.send(Buffer.concat([Buffer.from(`${unique("query")} `), query]), relayControl);
  const { data } = await socket.receive(2000);
  await socket.close();
  const answer = unbencode(data.subarray(data.indexOf(" ") + 1)) as {
    readonly tags?: Readonly<Record<string, { readonly label?: string }>>;
  };
  return Object.values(answer.tags ?? {}).flatMap((tag) => tag.label ?? [])[0] ?? "";
}
