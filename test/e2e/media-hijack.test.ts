/** A third party sprays RTP at the relay before and during a call: who hears it, and who hears the call. */
import { beforeAll, describe, test } from "vitest";
import type { EngineLine } from "../../src/model/model.ts";
import { labEngine } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import type { UdpPeer } from "../lab/sockets.ts";
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
const baseline = "replace-origin replace-session-connection ICE=remove rtcp-mux-demux RTP/AVP";
const pinned = "endpoint-learning-off strict-source";
// The address that the signalling came from stands for the private one of the SDP; without it the first packet after three
// seconds takes the leg, whoever sent it.
const learned = "SIP-source-address endpoint-learning-heuristic strict-source recrypt";
const range = [31000, 31039] as const;
const relayAddresses = ["198.51.100.7", "10.0.4.1"] as const;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Party {
  readonly peer: UdpPeer;
  /** Milliseconds since the socket was opened. */
  age(): number;
  /** Sends one RTP packet whose payload is the party's letter. */
  speak(to: { address: string; port: number }): Promise<void>;
  /** Packets heard with a party's letter, received `fromMs` or later after the socket was opened. */
  heard(letter: string, fromMs?: number): number;
}

async function party(lab: Lab, letter: string, address: string): Promise<Party> {
  const peer = await lab.udp(address);
  const opened = Date.now();
  let sequence = 0;
  return {
    peer,
    age: () => Date.now() - opened,
    speak: (to) => {
      const packet = Buffer.alloc(172, letter);
      packet.writeUInt16BE(0x8000);
      packet.writeUInt16BE(sequence++ & 0xffff, 2);
      packet.writeUInt32BE(sequence * 160, 4);
      packet.writeUInt32BE(letter.charCodeAt(0), 8);
      return peer.send(packet, to);
    },
    heard: (heardLetter, fromMs = 0) =>
      peer.received.filter((d) => d.at >= fromMs && d.data[171] === heardLetter.charCodeAt(0)).length,
  };
}

interface Outcome {
  /** Packets of the call that reached the attacker, and those of the last second. */
  readonly bled: number;
  readonly lateBled: number;
  /** Attacker's packets that reached a party, and those of the last second. */
  readonly injected: number;
  readonly lateInjected: number;
  /** Share of the call's packets that arrived in the last second, the worse direction. */
  readonly lateAudio: number;
}

interface Attack {
  /** Flags of the caller's leg; the callee's is pinned. */
  readonly callerLeg: string;
  /** The address that the caller's SDP gives: its own, or a private one behind NAT. */
  readonly signalled: "own" | "private";
  readonly guarded: boolean;
  readonly seconds: number;
}

async function attack(lab: Lab, relay: Relay, id: string, a: Attack): Promise<Outcome> {
  const caller = await party(lab, "A", "203.0.113.10");
  const callee = await party(lab, "B", "10.0.4.10");
  const attacker = await party(lab, "E", "192.0.2.66");
  const call = { "call-id": id, "from-tag": "a" };
  const offer = await relay.request({
    command: "offer",
    ...call,
    sdp: a.signalled === "own" ? sdp("203.0.113.10", caller.peer.port) : sdp("192.168.1.5", 7000),
    // What Kamailio sends along: where the INVITE came from.
    "received from": ["IP4", "203.0.113.10"],
    ...flags(`direction=carrier direction=agents ${baseline} ${a.callerLeg}`),
  });
  const toCallee = audioOf(offer);
  if (a.guarded) await relay.request({ command: "block media", "call-id": id });
  for (let round = 0; round < 5; round++)
    for (let port = range[0]; port <= range[1]; port++)
      for (const address of relayAddresses) await attacker.speak({ address, port });
  await sleep(100);
  const answer = await relay.request({
    command: "answer",
    ...call,
    "to-tag": "b",
    sdp: sdp("10.0.4.10", callee.peer.port),
    ...flags(`${baseline} ${pinned}`),
  });
  const toCaller = audioOf(answer);
  if (a.guarded) await relay.request({ command: "unblock media", "call-id": id });
  let sent = 0;
  const start = performance.now();
  const end = start + a.seconds * 1000;
  while (performance.now() < end) {
    // The attacker is always first.
    await attacker.speak(toCaller);
    await attacker.speak(toCallee);
    if (performance.now() > start + 200) {
      await caller.speak(toCaller);
      await callee.speak(toCallee);
      if (performance.now() > end - 1000) sent++;
    }
    await sleep(15);
  }
  const lateAttacker = attacker.age() - 1000;
  await sleep(100);
  const last = caller.peer.received.at(-1)?.at ?? 0;
  const late = last - 1000;
  const lateCallee = (callee.peer.received.at(-1)?.at ?? 0) - 1000;
  await relay.request({ command: "delete", ...call });
  const outcome = {
    bled: attacker.heard("A") + attacker.heard("B"),
    lateBled: attacker.heard("A", lateAttacker) + attacker.heard("B", lateAttacker),
    injected: caller.heard("E") + callee.heard("E"),
    lateInjected: caller.heard("E", late) + callee.heard("E", lateCallee),
    lateAudio: Math.min(caller.heard("B", late), callee.heard("A", lateCallee)) / sent,
  };
  for (const p of [caller, callee, attacker]) await p.peer.close();
  return outcome;
}

beforeAll(async () => {
  for (const line of lines) await labEngine(line);
}, 600_000);

describe.concurrent.each(lines)("RTP sprayed at a call on engine line %s", (line) => {
  test("reaches nobody and hears nothing where legs are pinned; what that costs where they are learned", async ({
    expect,
  }) => {
    const lab = await openLab({ addresses: [...relayAddresses, "203.0.113.10", "10.0.4.10", "192.0.2.66"] });
    try {
      const network = { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" }, rtp: [...range] };
      const relay = await startRelay(lab, line, configOf(modelOf(network, line)));
      const pin = { callerLeg: pinned, signalled: "own", guarded: true, seconds: 2 } as const;

      const guarded = await attack(lab, relay, "pinned", pin);
      expect(guarded).toMatchObject({ bled: 0, injected: 0, lateInjected: 0 });
      expect(guarded.lateAudio).toBeGreaterThan(0.9);

      // Without the guard the attack works, so that the zeros above mean something.
      const bare = await attack(lab, relay, "bare", { ...pin, guarded: false });
      expect(bare.injected).toBeGreaterThan(0);
      expect(bare.bled).toBe(0);

      const nat = await attack(lab, relay, "nat", {
        ...pin,
        callerLeg: learned,
        signalled: "private",
        seconds: 6,
      });
      console.log(
        `engine ${line}, learned leg behind NAT: ${nat.injected} packets injected and ${nat.bled} bled in the first seconds, in the last one ${nat.lateInjected} and ${nat.lateBled}`,
      );
      // CVE-2025-53399: 12.5.1.31 gives the leg to whoever sends first after three seconds; the compiler refuses NAT there.
      if (line === "6.0") return;
      expect(nat).toMatchObject({ lateBled: 0, lateInjected: 0 });
      expect(nat.lateAudio).toBeGreaterThan(0.9);
    } finally {
      await lab.close();
    }
  });
});
