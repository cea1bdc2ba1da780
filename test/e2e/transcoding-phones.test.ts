/** Phones without a common codec hear each other across the edge. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Phone, type PhoneOptions, phone } from "../../src/phone/baresip.ts";
import { messagesOf } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { capture, type Packet, rtpStreams } from "../lab/capture.ts";
import { dial, draft, openWorld, sleep, toAgent, type World } from "./call-world.ts";
import { eventsIn } from "./events.ts";

const opus = "opus/48000/2";

let world: World;
beforeAll(async () => {
  const agents = {
    opus: { uri: "sip:10.0.4.10:5080", codecs: ["opus"] },
    narrow: { uri: "sip:10.0.4.11:5080", codecs: ["PCMU"] },
    wide: { uri: "sip:10.0.4.12:5080", codecs: ["G722"] },
  };
  const codecs = ["PCMU", "PCMA", "opus", "G722"].map((name) => ({ name }));
  world = await openWorld(
    draft(agents, [toAgent(0, "opus"), toAgent(1, "narrow"), toAgent(2, "wide")], { codecs }),
  );
}, 600_000);
afterAll(() => world.close());

let phones = 0;
async function at(address: string, o: Partial<PhoneOptions>): Promise<Phone> {
  const name = `phone-${++phones}`;
  const as = { launcher: await world.lab.host(address), tools: world.lab.tools, name, address };
  const made = await phone({ ...as, dir: join(world.lab.dir, name), ...o });
  onTestFinished(() => made.stop());
  return made;
}

/** The agent as soon as the edge knows that it is there. */
async function callee(address: string, codecs: readonly string[]): Promise<Phone> {
  const made = await at(address, { port: 5080, user: "agent", playHz: 1100, codecs });
  await expect.poll(async () => (await world.targets())[`${address}:5080`], { timeout: 15_000 }).toBe("AP");
  return made;
}

const carrierAt = "203.0.113.10";

test.each([
  [0, "10.0.4.10", ["PCMU/8000/1"], [opus]],
  [0, "10.0.4.10", ["G722/16000/1"], [opus]],
  [1, "10.0.4.11", [opus], ["PCMU/8000/1"]],
] as const)(
  "number %i at %s: %j and %j hear each other",
  async (n, address, theirs, ours) => {
    shows("document/codecs");
    const agent = await callee(address, ours);
    const caller = await at(carrierAt, { playHz: 700, codecs: theirs });
    expect(await caller.dial(dial(n))).toMatchObject({ answered: true });
    await sleep(1200);
    expect([caller.heard(1100).heard, caller.heard(700).heard]).toEqual([true, false]);
    expect([agent.heard(700).heard, agent.heard(1100).heard]).toEqual([true, false]);
    caller.hangUp();
    await caller.ended(2000);
  },
  40_000,
);

const digitsIn = (packets: readonly Packet[]): string =>
  eventsIn(
    packets.map((p) => p.payload),
    [101],
  )
    .map((e) => e.digit)
    .join("");
const typesIn = (packets: readonly Packet[]): readonly number[] =>
  [...new Set(rtpStreams(packets).flatMap((s) => s.payloadTypes))].sort((a, b) => a - b);

// baresip knows events of 8 kHz alone, which go with G722 and not with Opus; Opus and its events by hand: transcoding.test.ts.
test("digits of either phone reach the other one as telephone-events, with the audio transcoded", async () => {
  shows("document/codecs");
  const agentAt = "10.0.4.12";
  const agent = await callee(agentAt, ["G722/16000/1"]);
  const caller = await at(carrierAt, { playHz: 700, codecs: ["PCMU/8000/1"] });
  // Looked for on the wire: a baresip without its share of the processor drops what it is late to read.
  const wires = await Promise.all(
    [carrierAt, agentAt].map(async (address) =>
      capture(world.lab, `udp and dst host ${address}`, await world.lab.host(address)),
    ),
  );
  expect(await caller.dial(dial(2))).toMatchObject({ answered: true });
  await sleep(600);
  caller.digits("159#");
  agent.digits("*02");
  await sleep(4000);
  const [toCaller = [], toAgent = []] = await Promise.all(wires.map((w) => w.stop()));
  expect([digitsIn(toAgent), digitsIn(toCaller)]).toEqual(["159#", "*02"]);
  // PCMU here, G722 there.
  expect([typesIn(toCaller), typesIn(toAgent)]).toEqual([
    [0, 101],
    [9, 101],
  ]);
  caller.hangUp();
  await caller.ended(2000);
}, 60_000);

test("hold and resume by either side keep the codecs of both", async () => {
  const agent = await callee("10.0.4.10", [opus]);
  const caller = await at(carrierAt, { playHz: 700 });
  expect(await caller.dial(dial(0))).toMatchObject({ answered: true });
  // Each change waits for the ACK of the one before, which ends it on both sides; an ACK comes again for a 200 that does.
  // Counted from the call's start: a phone's trace may be read late.
  const acked = (phone: Phone): number =>
    new Set(
      messagesOf(phone.messages(), "ACK").map((m) => `${m.direction} ${/^CSeq: .*$/m.exec(m.text)?.[0]}`),
    ).size;
  let acks = 1;
  for (const [side, other] of [
    [caller, agent],
    [agent, caller],
  ] as const) {
    await expect.poll(() => acked(other), { timeout: 8000 }).toBe(acks);
    for (const change of [side.hold, side.resume]) {
      const from = other.running.lines.length;
      change();
      await other.running.waitFor(/got re-INVITE/, 8000, from);
      await expect.poll(() => acked(other), { timeout: 8000 }).toBe(++acks);
    }
  }
  // Heard on the wire, since baresip's own recording ends with its first re-INVITE.
  const wire = await capture(world.lab, "udp");
  await sleep(1200);
  const streams = rtpStreams(await wire.stop());
  const seen = (address: string, end: "from" | "to") => streams.find((s) => s[end].startsWith(`${address}:`));
  expect(seen(carrierAt, "from")?.heard(700).heard).toBe(true);
  expect(seen(carrierAt, "to")?.heard(1100).heard).toBe(true);
  expect(seen(carrierAt, "to")?.payloadTypes).toEqual([0]);
  expect(seen("10.0.4.10", "to")?.payloadTypes).toEqual([96]);
  expect(seen("10.0.4.10", "from")?.payloadTypes).toEqual([96]);
  caller.hangUp();
  await caller.ended(5000);
}, 60_000);
