/**
 * SDP against the edge itself: sockets of its own host, where the media relay takes orders, or of its link, and streams without
 * end. No audio goes there, and no ports are taken.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { UdpPeer } from "../lab/sockets.ts";
import { accepts } from "./kit/agent.ts";
import { acknowledge, call, type Dialog, dialogOf, hangUp, within } from "./kit/call.ts";
import { bodyOf, methodOf, response, sdp, statusOf, unique } from "./kit/message.ts";
import { audioOf, flows } from "./kit/rtp.ts";
import { addresses, agentsSide, edgeAt, openWorld, type World } from "./kit/world.ts";

let world: World;
/** Audio of the agent, and of the carrier. */
let near: UdpPeer;
let far: UdpPeer;
beforeAll(async () => {
  world = await openWorld();
  near = await world.lab.udp(addresses.agent);
  far = await world.lab.udp(addresses.carrier);
  world.agent.answerWith((r, a) =>
    methodOf(r) === "INVITE"
      ? [
          response(r, "200 OK", {
            toTag: a.tag,
            contact: `sip:agent@${a.at.address}:${a.at.port}`,
            body: sdp(a.at.address, near.port),
          }),
        ]
      : accepts(r, a),
  );
});
afterAll(() => world.close());

/** An SDP whose line `c=` is this one. */
const connected = (line: string, port: number): string =>
  sdp("0.0.0.0", port).replace("c=IN IP4 0.0.0.0", line);
const inviteOf = ({ callId }: Dialog): Promise<string> => world.agent.request("INVITE", callId);
const ends = async (dialog: Dialog): Promise<void> =>
  expect(await hangUp(world.carrier, dialog)).toContain(" 200 ");

test.each([
  ["loopback", "IN IP4 127.0.0.1", "127.0.0.1"],
  ["another loopback", "IN IP4 127.9.9.9", "127.9.9.9"],
  ["loopback with a TTL", "IN IP4 127.0.0.1/127", "127.0.0.1"],
  ["loopback behind a tab", "IN IP4\t127.0.0.1", "127.0.0.1"],
  ["loopback behind blanks", "IN IP4  127.0.0.1", "127.0.0.1"],
  ["loopback in lower case", "in ip4 127.0.0.1", "127.0.0.1"],
  ["loopback with zeros", "IN IP4 0127.0.0.01", "127.0.0.1"],
  ["loopback in short", "IN IP4 127.1", "127.0.0.1"],
  ["loopback as a name", "IN IP4 localhost", "127.0.0.1"],
  ["this host", "IN IP4 0.0.0.1", "127.0.0.1"],
  ["the address towards carriers", `IN IP4 ${edgeAt.address}`, edgeAt.address],
  ["the address towards agents", `IN IP4 ${agentsSide.address}`, agentsSide.address],
])(
  "%s: no audio goes there, from the first offer or a later one",
  async (_, line, at) => {
    const victim = await world.lab.udp(at);
    const body = connected(`c=${line}`, victim.port);
    const first = world.carrier.make({ callId: unique("inner"), body });
    const answer = await world.carrier.ask(first, 3000);
    // What nobody can read is refused.
    if (statusOf(answer) === 200) {
      const dialog = dialogOf(first, answer);
      await acknowledge(world.carrier, dialog);
      expect(await flows(near, await inviteOf(dialog), victim)).toBe(false);
      await ends(dialog);
    } else expect(statusOf(answer)).toBe(488);

    const good = await call(world.carrier, { body: sdp(addresses.carrier, far.port) });
    const told = await inviteOf(good);
    expect(await flows(near, told, far)).toBe(true);
    const again = await world.carrier.ask(within(world.carrier, good, "INVITE", { cseq: 2, body }), 3000);
    if (statusOf(again) === 200) await acknowledge(world.carrier, { ...good, cseq: 2 });
    expect(await flows(near, told, victim)).toBe(false);
    await ends({ ...good, cseq: 2 });
    expect(victim.received).toEqual([]);
    await victim.close();
  },
  20_000,
);

test("a place of its own for the stream, in a last line without an end, is no way around", async () => {
  const victim = await world.lab.udp("127.0.0.1");
  const body = sdp(addresses.carrier, victim.port).concat("c=IN IP4 127.0.0.1");
  const dialog = await call(world.carrier, { body });
  expect(await flows(near, await inviteOf(dialog), victim)).toBe(false);
  await ends(dialog);
  await victim.close();
}, 20_000);

test("places for RTCP and candidates of ICE are none either", async () => {
  const victim = await world.lab.udp("127.0.0.1");
  const more = [
    `a=rtcp:${victim.port} IN IP4 127.0.0.1`,
    "a=ice-ufrag:abcd",
    "a=ice-pwd:abcdefghijklmnopqrstuvwx",
    `a=candidate:1 1 UDP 2130706431 127.0.0.1 ${victim.port} typ host`,
    "",
  ].join("\r\n");
  const dialog = await call(world.carrier, { body: sdp(addresses.carrier, far.port) + more });
  const told = await inviteOf(dialog);
  await flows(near, told, victim);
  // The relay's own reports go there with the first packet from either side.
  const { port } = audioOf(told);
  expect(await flows(near, told.replace(`m=audio ${port}`, `m=audio ${port + 1}`), victim)).toBe(false);
  await ends(dialog);
  expect(victim.received).toEqual([]);
  await victim.close();
}, 20_000);

test("it is on record who named such a place", async () => {
  const before = world.edge.records("inner_address").length;
  await ends(await call(world.carrier, { body: sdp("127.0.0.1") }));
  expect(world.edge.records("inner_address").slice(before)).toMatchObject([{ source: addresses.carrier }]);
});

test("an origin line of loopback, as browsers write it, takes no audio away", async () => {
  const body = sdp(addresses.carrier, far.port).replace(/^(o=.* IN IP4) .*$/m, "$1 127.0.0.1");
  expect(body).toContain("127.0.0.1");
  const before = world.edge.records("inner_address").length;
  const dialog = await call(world.carrier, { body });
  expect(await flows(near, await inviteOf(dialog), far)).toBe(true);
  expect(world.edge.records("inner_address")).toHaveLength(before);
  await ends(dialog);
}, 20_000);

test("three hundred streams take no more ports than one; eight are what they are", async () => {
  const streams = async (count: number): Promise<number> => {
    const body = sdp(addresses.carrier) + "m=audio 17000 RTP/AVP 0\r\n".repeat(count - 1);
    const dialog = await call(world.carrier, { body });
    const invite = await inviteOf(dialog);
    await ends(dialog);
    return bodyOf(invite).match(/^m=/gm)?.length ?? 0;
  };
  expect([await streams(8), await streams(300)]).toEqual([8, 1]);
  expect(world.edge.records("many_streams")).toMatchObject([{ source: addresses.carrier }]);
}, 20_000);
