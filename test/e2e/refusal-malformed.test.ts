/** Oversized and broken messages, slow and greedy connections: nothing crashes, nothing stalls the others. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { shows } from "../acceptance/shows.ts";
import { soon } from "../lab/edge.ts";
import { withoutCopies } from "./kit/agent.ts";
import { call, hangUp } from "./kit/call.ts";
import { methodOf, sdp, statusOf } from "./kit/message.ts";
import { addresses, edgeAt, openWorld, sleep, type World } from "./kit/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
afterEach(async () => {
  expect(await world.alive()).toBe(true);
  const died = world.edge.kamailio.lines.filter((l) => /signal \d+|core dump|segfault|BUG/.test(l));
  expect(died).toEqual([]);
});

const quick = (text: string | Buffer): Promise<string> =>
  typeof text === "string"
    ? world.carrier.ask(text, 400).catch(() => "")
    : world.carrier.send(text).then(() => "");

const many = (n: number, line: (i: number) => string): string[] =>
  Array.from({ length: n }, (_, i) => line(i));

describe("UDP", () => {
  test.each<[string, () => string | Buffer]>([
    ["a header of 30 kB", () => world.carrier.make({ headers: [`X-Long: ${"a".repeat(30_000)}`] })],
    ["a header of 60 kB", () => world.carrier.make({ headers: [`X-Long: ${"a".repeat(60_000)}`] })],
    ["a thousand headers", () => world.carrier.make({ headers: many(1000, (i) => `X-${i}: ${i}`) })],
    [
      "200 Vias",
      () =>
        world.carrier.make({
          headers: many(200, (i) => `Via: SIP/2.0/UDP 192.0.2.99:${5000 + i};branch=z9hG4bK${i}`),
        }),
    ],
    ["1000 Vias", () => world.carrier.make({ headers: many(1000, (i) => `v:SIP/2.0/UDP h:${i}`) })],
    [
      "1000 Vias in one header",
      () => world.carrier.make({ headers: [`v:${many(1000, (i) => `SIP/2.0/UDP h:${i}`).join()}`] }),
    ],
    [
      "500 Record-Routes",
      () => world.carrier.make({ headers: many(500, (i) => `Record-Route: <sip:192.0.2.99:${i};lr>`) }),
    ],
    ["a Call-ID of 20 kB", () => world.carrier.make({ callId: "c".repeat(20_000) })],
    ["a tag of 20 kB", () => world.carrier.make({ fromTag: "c".repeat(20_000) })],
    ["a tag of 280 characters", () => world.carrier.make({ fromTag: "c".repeat(280) })],
    ["a branch of 20 kB", () => world.carrier.make({ branch: `z9hG4bK${"c".repeat(20_000)}` })],
    [
      "a Request-URI of 20 kB",
      () => world.carrier.make({ uri: `sip:${"1".repeat(20_000)}@${edgeAt.address}` }),
    ],
    [
      "a Contact of 20 kB",
      () => world.carrier.make({ instead: { Contact: [`Contact: <sip:${"x".repeat(20_000)}@h>`] } }),
    ],
    ["a display name of 20 kB", () => world.carrier.make({ to: `"${"n".repeat(20_000)}" <sip:x@y>` })],
    [
      "an SDP of 30 kB",
      () => world.carrier.make({ body: sdp(addresses.carrier) + many(1500, (i) => `a=x:${i}\r\n`).join("") }),
    ],
    [
      "an SDP of 300 streams",
      () => world.carrier.make({ body: sdp(addresses.carrier) + "m=audio 1 RTP/AVP 0\r\n".repeat(300) }),
    ],
    [
      "a multipart body in a multipart body in …",
      () => {
        const parts = many(
          50,
          (i) => `--b${i}\r\nContent-Type: multipart/mixed;boundary=b${i + 1}\r\n\r\n`,
        ).join("");
        return world.carrier.make({ contentType: "multipart/mixed;boundary=b0", body: parts });
      },
    ],
    [
      "a Content-Length that is too large",
      () => world.carrier.make({ instead: { "Content-Length": ["Content-Length: 4000"] } }),
    ],
    [
      "a huge Content-Length",
      () => world.carrier.make({ instead: { "Content-Length": ["Content-Length: 99999999999999999999"] } }),
    ],
    [
      "a negative Content-Length",
      () => world.carrier.make({ instead: { "Content-Length": ["Content-Length: -1"] } }),
    ],
    ["two Content-Lengths", () => world.carrier.make({ headers: ["Content-Length: 5"] })],
    ["two Call-IDs", () => world.carrier.make({ headers: ["Call-ID: other"] })],
    ["two Froms", () => world.carrier.make({ headers: ["From: <sip:x@y>;tag=z"] })],
    ["two Tos, one with an empty tag", () => world.carrier.make({ headers: ["To: <sip:x@y>;tag="] })],
    ["two CSeqs", () => world.carrier.make({ headers: ["CSeq: 7 BYE"] })],
    ["no Via", () => world.carrier.make({ instead: { Via: [] } })],
    ["no From", () => world.carrier.make({ instead: { From: [] } })],
    ["no To", () => world.carrier.make({ instead: { To: [] } })],
    ["no Call-ID", () => world.carrier.make({ instead: { "Call-ID": [] } })],
    ["no CSeq", () => world.carrier.make({ instead: { CSeq: [] } })],
    ["no Max-Forwards", () => world.carrier.make({ instead: { "Max-Forwards": [] } })],
    ["no Contact", () => world.carrier.make({ instead: { Contact: [] } })],
    ["no tag", () => world.carrier.make({ instead: { From: ["From: <sip:x@y>"] } })],
    ["another method in CSeq", () => world.carrier.make({ instead: { CSeq: ["CSeq: 1 BYE"] } })],
    ["a CSeq above 2^31", () => world.carrier.make({ instead: { CSeq: ["CSeq: 99999999999 INVITE"] } })],
    [
      "a Max-Forwards of garbage",
      () => world.carrier.make({ instead: { "Max-Forwards": ["Max-Forwards: -3"] } }),
    ],
    ["a Via of garbage", () => world.carrier.make({ instead: { Via: ["Via: SIP/2.0/UDP"] } })],
    [
      "a Via of another version",
      () => world.carrier.make({ instead: { Via: ["Via: SIP/7.0/UDP h;branch=z9hG4bKq"] } }),
    ],
    ["an unclosed quote", () => world.carrier.make({ instead: { From: ['From: "x <sip:x@y>;tag=1'] } })],
    ["an unclosed bracket", () => world.carrier.make({ instead: { To: ["To: <sip:x@y;tag=1"] } })],
    ["a Contact of garbage", () => world.carrier.make({ instead: { Contact: ["Contact: <><>,,;;="] } })],
    ["another version of SIP", () => world.carrier.make().replace("SIP/2.0\r\n", "SIP/3.0\r\n")],
    ["only the first line", () => "INVITE sip:x@198.51.100.7 SIP/2.0\r\n\r\n"],
    ["no empty line", () => world.carrier.make().split("\r\n\r\n")[0] ?? ""],
    ["line feeds only", () => world.carrier.make().replaceAll("\r\n", "\n")],
    [
      "NUL bytes",
      () => Buffer.from(world.carrier.make({ headers: ["X-Nul: a\0b"] }).replace("17000", "17\x000")),
    ],
    [
      "bytes that are no UTF-8",
      () => Buffer.concat([Buffer.from(world.carrier.make()), Buffer.from([0xff, 0xfe, 0xc0])]),
    ],
    ["all bytes", () => Buffer.from(Array.from({ length: 2000 }, (_, i) => i % 256))],
    [
      "an SDP without m=, c= and rtpmap",
      () => world.carrier.make({ body: "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n" }),
    ],
    ["an SDP of garbage", () => world.carrier.make({ body: `v=0\r\n${"%s%n\\x00=".repeat(50)}` })],
    ["an SDP with a port above 65535", () => world.carrier.make({ body: sdp(addresses.carrier, 99_999) })],
    ["an SDP with the relay's own address", () => world.carrier.make({ body: sdp("127.0.0.1", 2223) })],
  ])("%s: no crash, and nothing to a third party", async (_, make) => {
    shows("behaviour/23-broken-sdp", "behaviour/24-broken-messages");
    await quick(make());
    const { third } = await world.settle(20);
    expect(third).toEqual([]);
  });

  test.each([
    ["an identifier beyond its bound", () => world.carrier.make({ callId: "c".repeat(3000) })],
    ["Max-Forwards 0", () => world.carrier.make({ maxForwards: 0 })],
    ["a required extension of the proxy", () => world.carrier.make({ headers: ["Proxy-Require: teleport"] })],
    ["another method in CSeq", () => world.carrier.make({ instead: { CSeq: ["CSeq: 1 BYE"] } })],
  ])("%s: refused, and nothing reaches the agent", async (_, make) => {
    shows("behaviour/24-broken-messages");
    const text = make();
    const from = world.carrier.mark();
    await world.carrier.send(text);
    const answer = (): number => statusOf(world.carrier.since(from).at(-1) ?? "");
    await expect.poll(answer, soon).toBeOneOf([400, 414, 420, 483, 501]);
    expect((await world.settle(40)).agent).toEqual([]);
  });
});

describe("TCP", () => {
  const connect = () => world.lab.tcp(edgeAt, { address: addresses.carrier });
  const options = (): string =>
    world.carrier.make({ method: "OPTIONS", uri: `sip:${edgeAt.address}`, transport: "TCP" });

  test("several requests in one piece, and one in many pieces, are answered", async () => {
    const peer = await connect();
    await peer.send(options() + options() + options());
    await peer.expect(/(SIP\/2\.0 200[\s\S]*?){3}/, 2000);
    const from = peer.text.length;
    const text = options();
    for (let i = 0; i < text.length; i += 60) await peer.send(text.slice(i, i + 60));
    await peer.expect(/SIP\/2\.0 200/, 2000, from);
    await peer.close();
  });

  test.each<[string, () => string]>([
    [
      "a header of 64 kB",
      () => world.carrier.make({ transport: "TCP", headers: [`X-Long: ${"a".repeat(65_536)}`] }),
    ],
    [
      "a header of 1 MB",
      () => world.carrier.make({ transport: "TCP", headers: [`X-Long: ${"a".repeat(1_048_576)}`] }),
    ],
    ["a header that never ends", () => `OPTIONS sip:x SIP/2.0\r\nX: ${"a".repeat(500_000)}`],
    [
      "1000 Vias",
      () =>
        world.carrier.make({
          transport: "TCP",
          headers: many(1000, (i) => `Via: SIP/2.0/TCP h${i}:${i};branch=z9hG4bK${i}`),
        }),
    ],
    [
      "a Content-Length of 2 GB",
      () =>
        world.carrier.make({
          transport: "TCP",
          instead: { "Content-Length": ["Content-Length: 2147483647"] },
        }),
    ],
    [
      "a Content-Length beyond all",
      () =>
        world.carrier.make({
          transport: "TCP",
          instead: { "Content-Length": ["Content-Length: 99999999999999999999"] },
        }),
    ],
    [
      "a negative Content-Length",
      () => world.carrier.make({ transport: "TCP", instead: { "Content-Length": ["Content-Length: -5"] } }),
    ],
    ["no Content-Length", () => world.carrier.make({ transport: "TCP", instead: { "Content-Length": [] } })],
    ["two Content-Lengths", () => world.carrier.make({ transport: "TCP", headers: ["Content-Length: 1"] })],
    ["another protocol", () => "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a TLS hello", () => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["bytes", () => Buffer.from(many(5000, () => "\xff\x00").join(""), "latin1").toString("latin1")],
    ["line feeds", () => "\r\n".repeat(20_000)],
  ])("%s: bounded, and others are served", async (_, make) => {
    const peer = await connect();
    await peer.send(make()).catch(() => {});
    await sleep(50);
    expect((await world.settle(0)).third).toEqual([]);
    const other = await connect();
    await other.send(options());
    await other.expect(/SIP\/2\.0 200/, 2000);
    await other.close();
    await peer.close();
  });

  test("clients of one byte a time and clients that say nothing hold up nobody", async () => {
    const idle = await Promise.all(many(60, String).map(() => connect()));
    await Promise.all(idle.map((peer, i) => peer.send(i % 2 === 0 ? "INVITE sip:x" : "I")));
    const from = Date.now();
    const dialog = await call(world.carrier);
    expect(statusOf(await hangUp(world.carrier, dialog))).toBe(200);
    const other = await connect();
    await other.send(options());
    await other.expect(/SIP\/2\.0 200/, 2000);
    expect(Date.now() - from).toBeLessThan(2000);
    await Promise.all([other, ...idle].map((peer) => peer.close()));
  });

  test("a client that does not read stalls nobody, and is cut off when its answers fill all buffers", async () => {
    shows("behaviour/30-deaf-peer");
    const deaf = await connect();
    await deaf.pause(true);
    for (let dose = 0; dose < 40 && !deaf.ended; dose++) {
      for (let i = 0; i < 40; i++) await deaf.send(many(25, options).join("")).catch(() => {});
      const dialog = await call(world.carrier);
      expect(statusOf(await hangUp(world.carrier, dialog))).toBe(200);
      const other = await connect();
      await other.send(options());
      await other.expect(/SIP\/2\.0 200/, 3000);
      await other.close();
    }
    expect(deaf.ended).toBe(true);
    await deaf.close();
  }, 60_000);
});

test("after all of it a call goes through", async () => {
  await world.settle(0);
  const dialog = await call(world.carrier);
  expect(statusOf(await hangUp(world.carrier, dialog))).toBe(200);
  const { agent } = await world.settle();
  const ofCall = withoutCopies(agent).filter((t) => t.includes(dialog.callId));
  expect(ofCall.map(methodOf)).toEqual(["INVITE", "ACK", "BYE"]);
});
