/** The codec flags of the edge through the real rtpengines: exact lists, telephone events kept, audio untouched. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NgMessage } from "../../src/host/ng.ts";
import type { CodecName, EngineLine } from "../../src/model/model.ts";
import { codecFlags } from "../../src/targets/kamailio/lower/codecs.ts";
import { shows } from "../acceptance/shows.ts";
import { labEngine } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import {
  audioOf,
  configOf,
  flags,
  modelOf,
  type Relay,
  sdp,
  startRelay,
} from "../targets/rtpengine/relay.ts";

const lines: readonly EngineLine[] = ["6.1", "6.0", "5.6"];
const baseline =
  "replace-origin replace-session-connection ICE=remove rtcp-mux-demux RTP/AVP endpoint-learning-off strict-source";

const rtpmaps: Readonly<Record<string, string>> = {
  "0": "PCMU/8000",
  "3": "GSM/8000",
  "8": "PCMA/8000",
  "9": "G722/8000",
  "18": "G729/8000",
  "101": "telephone-event/8000",
  "110": "telephone-event/48000",
  "111": "opus/48000/2",
};

/** Payload types of an SDP, in order. */
function typesOf(message: NgMessage): string {
  return /^m=audio \d+ \S+ (.*?)\r?$/m.exec(String(message.sdp))?.[1] ?? JSON.stringify(message);
}

/** Attribute lines for payload types; static ones without rtpmap where asked. */
function attributes(types: string, bare = false): string[] {
  return types.split(" ").flatMap((t) => (bare && Number(t) < 96 ? [] : [`rtpmap:${t} ${rtpmaps[t]}`]));
}

describe.each(lines)("codecs on engine line %s", (line) => {
  let lab: Lab;
  let relay: Relay;
  let calls = 0;
  beforeAll(async () => {
    await labEngine(line);
    lab = await openLab({ addresses: ["198.51.100.7", "10.0.4.1", "203.0.113.10", "10.0.4.10"] });
    const network = { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } };
    relay = await startRelay(lab, line, configOf(modelOf(network, line)));
  }, 600_000);
  afterAll(() => lab.close());

  interface Exchange {
    readonly id: string;
    readonly offered: string;
    readonly answered: string;
    readonly toCaller: { readonly address: string; readonly port: number };
  }

  async function exchange(
    list: readonly CodecName[],
    offer: string,
    answer: string,
    more: { id?: string; bare?: boolean; direction?: string; ports?: readonly [number, number] } = {},
  ): Promise<Exchange> {
    const id = more.id ?? `call ${++calls}`;
    const [from, to] = more.ports ?? [7000, 7100];
    const first = more.id === undefined ? "direction=carrier direction=agents " : "";
    const direction = more.direction ?? "sendrecv";
    const call = { "call-id": id, "from-tag": "a", ...(more.id === undefined ? {} : { "to-tag": "b" }) };
    const offered = await relay.request({
      command: "offer",
      ...call,
      sdp: sdp("203.0.113.10", from, offer, [...attributes(offer, more.bare), direction]),
      ...flags(`${first}${baseline} ${codecFlags(list)}`),
    });
    const answered = await relay.request({
      command: "answer",
      ...call,
      "to-tag": "b",
      sdp: sdp("10.0.4.10", to, answer, [...attributes(answer, more.bare), direction]),
      ...flags(baseline),
    });
    return { id, offered: typesOf(offered), answered: typesOf(answered), toCaller: audioOf(answered) };
  }

  test.each([
    [["PCMA", "PCMU"], "0 8 101", "8 0 101"],
    [["PCMU", "PCMA"], "9 18 8 3 0 111 101", "0 8 101"],
    [["opus", "PCMU", "PCMA"], "18 8 0 111 101", "111 0 8 101"],
    [["opus", "PCMA"], "0 8 111 101", "111 8 101"],
    [["opus", "PCMA"], "0 8 101", "8 101"],
    [["G722", "PCMU"], "0 8 9 101", "9 0 101"],
    [["PCMU"], "18 0 101", "0 101"],
  ] as const)("%j leaves exactly these of an offer of %s, in this order", async (list, offer, expected) => {
    shows("document/codec-priority");
    const answer = `${expected.split(" ")[0]} 101`;
    const got = await exchange(list, offer, answer);
    expect(got.offered).toBe(expected);
    // 12.5 and 10.5 drop telephone events that do not have the clock of the codec beside them (RFC 4733 section 2.1).
    expect(got.answered).toBe(answer === "111 101" && line !== "6.1" ? "111" : answer);
  });

  test("a list with Opus further down keeps the offerer's order", async () => {
    expect((await exchange(["PCMU", "opus"], "8 111 0 101", "0 101")).offered).toBe("111 0 101");
  });

  test("static types without rtpmap stay", async () => {
    const got = await exchange(["PCMU", "PCMA"], "8 0", "0", { bare: true });
    expect([got.offered, got.answered]).toEqual(["0 8", "0"]);
  });

  test("hold and resume keep codecs and ports", async () => {
    const list = ["opus", "PCMU", "PCMA"] as const;
    const first = await exchange(list, "8 0 101", "0 101");
    for (const direction of ["sendonly", "inactive", "sendrecv"]) {
      const again = await exchange(list, "8 0 101", "0 101", { id: first.id, direction });
      expect([again.offered, again.answered, again.toCaller]).toEqual(["0 8 101", "0 101", first.toCaller]);
    }
  });

  test.each([
    ["111 101", "111 110"],
    ["8 0 111 101", "0 101"],
    ["8 0 111 101 110", "111 110"],
  ])("audio and digits of an offer of %s answered with %s pass byte for byte", async (offer, wanted) => {
    shows("document/codecs");
    const caller = await lab.udp("203.0.113.10");
    const callee = await lab.udp("10.0.4.10");
    // Without telephone-event/48000 in the offer the answer may not have it either.
    const answer = wanted === "111 110" && !offer.includes("110") ? "111" : wanted;
    const { toCaller, answered } = await exchange(["opus", "PCMU", "PCMA"], offer, answer, {
      ports: [caller.port, callee.port],
    });
    expect(answered).toBe(answer);
    const sent = answer.split(" ").flatMap((type, stream) =>
      Array.from({ length: 10 }, (_, i) => {
        const packet = Buffer.alloc(stream === 0 ? 172 : 16, 0x40 + i);
        packet.writeUInt16BE(0x8000 | Number(type));
        packet.writeUInt16BE(stream * 10 + i, 2);
        packet.writeUInt32BE((stream * 10 + i) * 160, 4);
        packet.writeUInt32BE(77, 8);
        return packet;
      }),
    );
    for (const packet of sent) await caller.send(packet, toCaller);
    await expect.poll(() => callee.received.length, { timeout: 3000 }).toBe(sent.length);
    const heard = callee.received.map(
      (d) => `${(d.data[1] ?? 0) & 127} ${d.data.subarray(12).toString("hex")}`,
    );
    expect(heard).toEqual(sent.map((p) => `${(p[1] ?? 0) & 127} ${p.subarray(12).toString("hex")}`));
    await caller.close();
    await callee.close();
  });
});
