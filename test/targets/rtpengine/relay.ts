/** The real rtpengine of a line in a lab, with the configuration that the target wrote, and its ng protocol. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bencode, unbencode } from "../../../src/host/bencode.ts";
import type { NgMessage } from "../../../src/host/ng.ts";
import type { EngineLine, Model } from "../../../src/model/model.ts";
import { parseConfig } from "../../../src/model/parse.ts";
import type { Running } from "../../../src/phone/process.ts";
import { rtpengine } from "../../../src/targets/rtpengine/index.ts";
import { labEngine } from "../../lab/edge.ts";
import type { Lab } from "../../lab/netns.ts";

export interface Relay {
  readonly process: Running;
  request(message: NgMessage): Promise<NgMessage>;
  stop(): Promise<void>;
}

/** A model with the given network, one trunk and one agent. */
export function modelOf(network: object, engine: EngineLine = "6.1"): Model {
  const { value, diagnostics } = parseConfig({
    name: "lab",
    engine,
    network,
    trunks: [
      {
        crew_id: "acme",
        agents: { sarah: { uri: "sip:10.0.4.10:5080" } },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },
          inbound_routes: [{ match: { to_user: "1" }, agent_id: "sarah" }],
        },
      },
    ],
  });
  if (value === undefined) throw new Error(diagnostics.map((d) => `${d.code} ${d.message}`).join("\n"));
  return value;
}

/** The text of rtpengine.conf for a model. */
export function configOf(model: Model): string {
  const doc = rtpengine.lower(model).value;
  const artifact = doc === undefined ? undefined : rtpengine.emit(doc)[0];
  if (artifact === undefined) throw new Error("nothing emitted");
  return artifact.text;
}

let started = 0;

/** Starts rtpengine and waits for its first pong. */
export async function startRelay(lab: Lab, line: EngineLine, config: string): Promise<Relay> {
  const engine = await labEngine(line);
  const folder = join(lab.dir, `relay-${++started}`);
  mkdirSync(folder);
  const file = join(folder, "rtpengine.conf");
  writeFileSync(file, config);
  const args = [`--config-file=${file}`, `--pidfile=${join(folder, "pid")}`];
  const process = await lab.spawn("rtpengine", engine.command("rtpengine", args));
  const socket = await lab.udp("127.0.0.1");
  let cookie = 0;
  const request = async (message: NgMessage): Promise<NgMessage> => {
    const mark = `${++cookie} `;
    const packet = Buffer.concat([Buffer.from(mark), bencode(message)]);
    for (let attempt = 0; attempt < 50; attempt++) {
      await socket.send(packet, { address: "127.0.0.1", port: 2223 });
      const reply = await socket.receive(200, (d) => d.text.startsWith(mark)).catch(() => undefined);
      if (reply !== undefined) return unbencode(reply.data.subarray(mark.length)) as NgMessage;
    }
    throw new Error(`no reply from rtpengine: ${process.lines.slice(-5).join("\n")}`);
  };
  await request({ command: "ping" });
  return {
    process,
    request,
    stop: async () => {
      await socket.close();
      await process.stop();
    },
  };
}

/** A flags string as Kamailio's rtpengine module turns it into an ng dictionary (`parse_flags`). */
export function flags(text: string): Record<string, string | string[] | Record<string, string[]>> {
  const lists: Record<string, string[]> = {};
  const codec: Record<string, string[]> = {};
  const single: Record<string, string> = {};
  const push = (to: Record<string, string[]>, key: string, value: string): void => {
    to[key] = [...(to[key] ?? []), value];
  };
  for (const item of text.split(" ").filter((word) => word !== "")) {
    const codecFlag = /^codec-(strip|offer|except|transcode|mask)-(.+)$/.exec(item);
    const listFlag = /^(replace|rtcp-mux|SDES)-(.+)$/.exec(item);
    const pair = /^([^=]+)=(.*)$/.exec(item);
    if (codecFlag) push(codec, codecFlag[1] ?? "", codecFlag[2] ?? "");
    else if (listFlag) push(lists, listFlag[1] ?? "", listFlag[2] ?? "");
    else if (pair?.[1] === "direction") push(lists, "direction", pair[2] ?? "");
    else if (pair) single[pair[1] ?? ""] = pair[2] ?? "";
    else if (/^(UDP\/TLS\/)?RTP\/S?AVPF?$/.test(item)) single["transport protocol"] = item;
    else push(lists, "flags", item);
  }
  return { ...lists, ...single, ...(Object.keys(codec).length > 0 ? { codec } : {}) };
}

/** An SDP with one audio stream. */
export function sdp(
  address: string,
  port: number,
  formats = "0 8 101",
  attributes = ["rtpmap:101 telephone-event/8000", "sendrecv"],
): string {
  const family = address.includes(":") ? "IP6" : "IP4";
  return [
    "v=0",
    `o=- 123456 1 IN ${family} ${address}`,
    "s=-",
    `c=IN ${family} ${address}`,
    "t=0 0",
    `m=audio ${port} RTP/AVP ${formats}`,
    ...attributes.map((a) => `a=${a}`),
    "",
  ].join("\r\n");
}

/** Address and port that an SDP asks audio to be sent to. */
export function audioOf(message: NgMessage): { address: string; port: number } {
  const text = String(message.sdp ?? JSON.stringify(message));
  const address = /^c=IN IP\d (\S+)/m.exec(text)?.[1];
  const port = Number(/^m=audio (\d+)/m.exec(text)?.[1]);
  if (address === undefined || !(port > 0)) throw new Error(`no audio in ${text}`);
  return { address, port };
}
