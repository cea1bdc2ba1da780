/** Digits across the edge: as INFO where they come so, and as telephone events where the trunk wants that. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import type { UdpPeer } from "../lab/sockets.ts";
import { eventsIn } from "./events.ts";
import { accepts } from "./kit/behaviours.ts";
import { type Dialog, dialogOf, hangUp, within } from "./kit/call.ts";
import { speaks } from "./kit/media.ts";
import { bodyOf, statusOf, unique } from "./kit/message.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const [eventsAt, plainAt, agentAt] = ["203.0.113.10", "203.0.113.20", "10.0.4.10"] as const;
const number = "+14155551111";

const sdp = (address: string, port: number): string =>
  [
    "v=0",
    `o=- 1 1 IN IP4 ${address}`,
    "s=-",
    `c=IN IP4 ${address}`,
    "t=0 0",
    `m=audio ${port} RTP/AVP 0 101`,
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:101 telephone-event/8000",
    "",
  ].join("\r\n");

/** The payload type that an SDP gives a codec. */
const typeOf = (text: string, codec: string): number =>
  Number(new RegExp(`a=rtpmap:(\\d+) ${codec}`).exec(bodyOf(text))?.[1]);

/** Opus and events of its clock, as they were offered. */
function answerTo(offer: string): string {
  const [opus, event] = [typeOf(offer, "opus/48000/2"), typeOf(offer, "telephone-event/48000")];
  return sdp(agentAt, 18_000)
    .replace("RTP/AVP 0 101", `RTP/AVP ${opus} ${event}`)
    .replace("rtpmap:0 PCMU/8000", `rtpmap:${opus} opus/48000/2`)
    .replace("rtpmap:101 telephone-event/8000", `rtpmap:${event} telephone-event/48000`);
}

interface Call {
  readonly dialog: Dialog;
  readonly invite: string;
  readonly theirs: UdpPeer;
  readonly ours: UdpPeer;
}

const digitsAt = (peer: UdpPeer): string =>
  eventsIn(
    peer.received.map((d) => d.data),
    [101],
  )
    .map((e) => e.digit)
    .join("");

const info = (body: string, contentType: string, cseq?: number) => ({
  body,
  contentType,
  ...(cseq === undefined ? {} : { cseq }),
});
const relay = (digit: string): string => `Signal=${digit}\r\nDuration=160\r\n`;

describe.each(["6.1", "6.0"] as const)("engine line %s", (engine) => {
  let lab: Lab;
  let edge: Edge;
  let events: Server;
  let plain: Server;
  let agent: Server;

  beforeAll(async () => {
    lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, eventsAt, plainAt, agentAt] });
    const trunk = (crew_id: string, address: string, sip: object) => ({
      crew_id,
      agents: {
        sarah: { uri: `sip:${agentAt}:5080` },
        wide: { uri: `sip:${agentAt}:5090`, codecs: ["opus"] },
      },
      sip: {
        auth: { type: "ip_allowlist", allowed_ips: [address] },
        inbound_routes: [
          { match: { to_uri: number }, agent_id: "sarah" },
          { match: { to_uri: "+14155552222" }, agent_id: "wide" },
        ],
        codecs: [{ name: "PCMU" }, { name: "opus" }],
        ...sip,
      },
    });
    edge = await startEdge(lab, {
      engine,
      network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
      trunks: [trunk("events", eventsAt, { dtmf: "rfc4733" }), trunk("plain", plainAt, {})],
    });
    events = await sipServer(lab, eventsAt, 5060, accepts());
    plain = await sipServer(lab, plainAt, 5060, accepts());
    agent = await sipServer(
      lab,
      agentAt,
      5080,
      (turn, next) =>
        turn.method === "INVITE" ? [turn.reply("200 OK", { body: sdp(agentAt, 18_000) })] : next(),
      accepts(),
    );
  });
  afterAll(async () => {
    for (const party of [events, plain, agent]) await party?.close();
    await edge?.stop();
    await lab?.close();
  });

  async function call(from: Server): Promise<Call> {
    const [theirs, ours] = [await lab.udp(from.at.address, 17_000), await lab.udp(agentAt, 18_000)];
    onTestFinished(() => Promise.all([theirs.close(), ours.close()]).then(() => undefined));
    const uri = `sip:${number}@${edgeAt.address}`;
    const invite = from.make({ uri, callId: unique(), body: sdp(from.at.address, 17_000) });
    const before = agent.requests("INVITE").length;
    const answer = await from.ask(invite, 5000, edgeAt);
    expect(statusOf(answer)).toBe(200);
    const dialog = dialogOf(invite, answer);
    await from.send(within(from, dialog, "ACK"), edgeAt);
    const got = await agent.request("INVITE", before);
    speaks(theirs, answer);
    speaks(ours, got);
    await expect.poll(() => theirs.received.length > 3 && ours.received.length > 3).toBe(true);
    return { dialog, invite: got, theirs, ours };
  }

  describe("a trunk that wants telephone events", () => {
    test("has the INFO of its other end played to the agent, and answered by the edge", async () => {
      const { dialog, ours } = await call(events);
      const digits = [
        ["application/dtmf-relay", relay("5")],
        ["application/dtmf-relay", "Signal= *\r\nDuration= 200\r\n"],
        ["application/dtmf-relay", relay("11")],
        ["application/dtmf", "0"],
        ["application/dtmf", "d\r\n"],
      ] as const;
      for (const [i, [type, body]] of digits.entries()) {
        const sent = within(events, dialog, "INFO", info(body, type, 2 + i));
        expect(statusOf(await events.ask(sent, 3000, edgeAt))).toBe(200);
      }
      await expect.poll(() => digitsAt(ours), { timeout: 6000 }).toBe("5*#0D");
      expect(agent.requests("INFO").filter((t) => headerValues(t, "Call-ID")[0] === dialog.callId)).toEqual(
        [],
      );
      await hangUp(events, dialog);
    });

    test("is played the INFO of its agent", async () => {
      const { dialog, invite, theirs } = await call(events);
      const before = events.requests("INFO").length;
      const sent = agent.within(invite, "INFO", info(relay("7"), "application/dtmf-relay"));
      expect(statusOf(await agent.ask(sent, 3000, agentsSide))).toBe(200);
      await expect.poll(() => digitsAt(theirs), { timeout: 4000 }).toBe("7");
      expect(events.requests("INFO")).toHaveLength(before);
      await hangUp(events, dialog);
    });

    test.each([
      ["no digit", relay("16"), "application/dtmf-relay"],
      ["something else", "<media_control/>", "application/media_control+xml"],
    ])("gets an INFO with %s as it is", async (_, body, type) => {
      const { dialog } = await call(events);
      const before = agent.requests("INFO").length;
      const sent = within(events, dialog, "INFO", info(body, type));
      expect(statusOf(await events.ask(sent, 3000, edgeAt))).toBe(200);
      expect(bodyOf(await agent.request("INFO", before))).toBe(body);
      await hangUp(events, dialog);
    });

    test("goes on so after an offer within the call", async () => {
      const { dialog, ours } = await call(events);
      const again = within(events, dialog, "INVITE", { body: sdp(eventsAt, 17_000), cseq: 2 });
      expect(statusOf(await events.ask(again, 3000, edgeAt))).toBe(200);
      await events.send(within(events, { ...dialog, cseq: 2 }, "ACK"), edgeAt);
      const sent = within(events, dialog, "INFO", info(relay("8"), "application/dtmf-relay", 3));
      expect(statusOf(await events.ask(sent, 3000, edgeAt))).toBe(200);
      await expect.poll(() => digitsAt(ours), { timeout: 4000 }).toBe("8");
      await hangUp(events, dialog);
    });
  });

  test("an INFO is played into transcoded audio, with the clock of the other codec", async () => {
    const wide = await sipServer(
      lab,
      agentAt,
      5090,
      (turn, next) =>
        turn.method === "INVITE" ? [turn.reply("200 OK", { body: answerTo(turn.request) })] : next(),
      accepts(),
    );
    const [theirs, ours] = [await lab.udp(eventsAt, 17_000), await lab.udp(agentAt, 18_000)];
    onTestFinished(() => Promise.all([wide, theirs, ours].map((p) => p.close())).then(() => undefined));
    const uri = `sip:+14155552222@${edgeAt.address}`;
    const invite = events.make({ uri, callId: unique(), body: sdp(eventsAt, 17_000) });
    const answer = await events.ask(invite, 5000, edgeAt);
    expect(statusOf(answer)).toBe(200);
    const dialog = dialogOf(invite, answer);
    await events.send(within(events, dialog, "ACK"), edgeAt);
    speaks(theirs, answer);
    await expect.poll(() => ours.received.length).toBeGreaterThan(3);
    const sent = within(
      events,
      dialog,
      "INFO",
      info("Signal=6\r\nDuration=200\r\n", "application/dtmf-relay"),
    );
    expect(statusOf(await events.ask(sent, 3000, edgeAt))).toBe(200);
    const type = typeOf(await wide.request("INVITE"), "telephone-event/48000");
    const found = () =>
      eventsIn(
        ours.received.map((d) => d.data),
        [type],
      );
    await expect.poll(found, { timeout: 4000 }).toMatchObject([{ digit: "6" }]);
    // 200 ms, give or take a packet.
    expect(Math.abs((found()[0]?.duration ?? 0) - 9600)).toBeLessThanOrEqual(960);
    await hangUp(events, dialog);
  });

  describe("a trunk that says nothing of digits", () => {
    test("passes INFO in both directions, with type and body", async () => {
      const { dialog, invite } = await call(plain);
      const there = agent.requests("INFO").length;
      const sent = within(plain, dialog, "INFO", info(relay("5"), "application/dtmf-relay"));
      expect(statusOf(await plain.ask(sent, 3000, edgeAt))).toBe(200);
      const got = await agent.request("INFO", there);
      expect([headerValues(got, "Content-Type")[0], bodyOf(got)]).toEqual([
        "application/dtmf-relay",
        relay("5"),
      ]);
      const back = plain.requests("INFO").length;
      const reply = agent.within(invite, "INFO", info("9", "application/dtmf"));
      expect(statusOf(await agent.ask(reply, 3000, agentsSide))).toBe(200);
      const answer = await plain.request("INFO", back);
      expect([headerValues(answer, "Content-Type")[0], bodyOf(answer)]).toEqual(["application/dtmf", "9"]);
      await hangUp(plain, dialog);
    });
  });
});
