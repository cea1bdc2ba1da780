/** A trunk whose other end wants INFO: what agents say in telephone events becomes INFO, among requests of the agent's own. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { digitOf, infoOf } from "../../src/deploy/guard/digits.ts";
import { headerValues } from "../../src/phone/message.ts";
import { sealKey } from "../../src/targets/kamailio/sealed.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import type { UdpPeer } from "../lab/sockets.ts";
import { eventPackets, eventsIn } from "./events.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { endable, endCall, labelled } from "./kit/end-call.ts";
import { speaks } from "./kit/media.ts";
import { bodyOf, statusOf, unique } from "./kit/message.ts";
import { audioOf } from "./kit/rtp.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const [pbxAt, agentAt] = ["203.0.113.10", "10.0.4.10"] as const;
const number = "+14155551111";

/** An SDP of PCMU, and of events where their payload type is not 0. */
const sdp = (address: string, port: number, events = 101): string =>
  [
    "v=0",
    `o=- 1 1 IN IP4 ${address}`,
    "s=-",
    `c=IN IP4 ${address}`,
    "t=0 0",
    `m=audio ${port} RTP/AVP 0${events > 0 ? ` ${events}` : ""}`,
    "a=rtpmap:0 PCMU/8000",
    ...(events > 0 ? [`a=rtpmap:${events} telephone-event/8000`] : []),
    "",
  ].join("\r\n");

/** Of events in an SDP; 0 where it has none. */
const eventType = (text: string): number =>
  Number(/a=rtpmap:(\d+) telephone-event\/8000/.exec(bodyOf(text))?.[1] ?? 0);
const cseqOf = (text: string): number => Number.parseInt(headerValues(text, "CSeq")[0] ?? "", 10);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(["6.1", "6.0"] as const)("engine line %s", (engine) => {
  let lab: Lab;
  let edge: Edge;
  let pbx: Server;
  let agent: Server;
  let ear: UdpPeer;

  beforeAll(async () => {
    lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, pbxAt, agentAt] });
    edge = await startEdge(
      lab,
      {
        engine,
        network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
        trunks: [
          {
            crew_id: "pbx",
            agents: { sarah: { uri: `sip:${agentAt}:5080` } },
            sip: {
              auth: { type: "ip_allowlist", allowed_ips: [pbxAt] },
              inbound_routes: [{ match: { to_uri: number }, agent_id: "sarah" }],
              outbound: { uri: `sip:${pbxAt}`, allowed_destinations: ["+1"], caller_id: number },
              codecs: [{ name: "PCMU" }],
              dtmf: "info",
            },
          },
        ],
      },
      endable,
    );
    const answers = (address: string, port: number) =>
      sipServer(
        lab,
        address,
        address === pbxAt ? 5060 : 5080,
        (turn, next) =>
          turn.method === "INVITE"
            ? [turn.reply("200 OK", { body: sdp(address, port, eventType(turn.request)) })]
            : next(),
        accepts(),
      );
    pbx = await answers(pbxAt, 17_000);
    agent = await answers(agentAt, 18_000);
    ear = await lab.udp("127.0.0.1", 2225);
  }, 600_000);
  afterAll(async () => {
    for (const one of [pbx, agent, ear]) await one?.close();
    await edge?.stop();
    await lab?.close();
  });

  /** What the guard does with what rtpengine says next. */
  async function guard(): Promise<number> {
    const { text } = await ear.receive(3000);
    const digit = digitOf(text);
    const call = digit === undefined ? undefined : await labelled(lab, digit.id);
    if (digit === undefined || call === undefined) throw new Error(`no digit of a call: ${text}`);
    const socket = await lab.udp("127.0.0.1");
    const proxy = endable.handoverPort;
    const info = infoOf(call, digit, { key: sealKey(endable.keys.topology), port: socket.port, proxy });
    if (info === undefined) return 0;
    await socket.send(info.text, { address: "127.0.0.1", port: proxy });
    const answer = await socket.receive(3000, (d) => d.text.includes(info.branch));
    await socket.close();
    return statusOf(answer.text);
  }

  let sequence = 100;
  async function say(from: UdpPeer, described: string, digit: string): Promise<void> {
    sequence += 100;
    const event = { digit, type: eventType(described), duration: 1280, clock: 8000, from: sequence };
    for (const packet of eventPackets(event)) {
      await from.send(packet, audioOf(described));
      await sleep(20);
    }
  }

  async function peers() {
    const [theirs, ours] = [await lab.udp(pbxAt, 17_000), await lab.udp(agentAt, 18_000)];
    onTestFinished(() => Promise.all([theirs.close(), ours.close()]).then(() => undefined));
    return { theirs, ours };
  }

  const infosAt = (callId: string): readonly string[] =>
    pbx.requests("INFO").filter((t) => headerValues(t, "Call-ID")[0] === callId);

  test("an agent that was called", async () => {
    const { theirs, ours } = await peers();
    const callId = `${unique()}@${pbxAt}`;
    const invite = pbx.make({ uri: `sip:${number}@${edgeAt.address}`, callId, body: sdp(pbxAt, 17_000) });
    const before = agent.requests("INVITE").length;
    const answer = await pbx.ask(invite, 5000, edgeAt);
    const dialog = dialogOf(invite, answer);
    await pbx.send(within(pbx, dialog, "ACK"), edgeAt);
    const got = await agent.request("INVITE", before);

    // Its own CSeq begins higher than that of the edge's first INFO.
    const own = agent.within(got, "OPTIONS", { cseq: 40_000 });
    expect(statusOf(await agent.ask(own, 3000, agentsSide))).toBe(200);
    await say(ours, got, "5");
    expect(await guard()).toBe(200);
    const again = agent.within(got, "INVITE", { cseq: 40_001, body: sdp(agentAt, 18_000) });
    const accepted = await agent.ask(again, 3000, agentsSide);
    expect([statusOf(accepted), cseqOf(accepted)]).toEqual([200, 40_001]);
    const target = /<([^>]*)>/.exec(headerValues(accepted, "Contact")[0] ?? "")?.[1] ?? "";
    await agent.send(agent.within(got, "ACK", { cseq: 40_001, uri: target }), agentsSide);
    await expect.poll(() => pbx.requests("ACK").length).toBe(1);
    await say(ours, got, "#");
    expect(await guard()).toBe(200);
    const bye = agent.within(got, "BYE", { cseq: 40_002, uri: target });
    expect(statusOf(await agent.ask(bye, 3000, agentsSide))).toBe(200);

    const infos = infosAt(callId);
    expect(infos.map(bodyOf)).toEqual(["Signal=5\r\nDuration=160\r\n", "Signal=#\r\nDuration=160\r\n"]);
    expect(infos.map((t) => headerValues(t, "Content-Type")[0])).toEqual(
      Array(2).fill("application/dtmf-relay"),
    );
    const all = pbx.requests().filter((t) => headerValues(t, "Call-ID")[0] === callId);
    expect(all.map((t) => t.split(" ")[0])).toEqual(["OPTIONS", "INFO", "INVITE", "ACK", "INFO", "BYE"]);
    const numbers = all.map(cseqOf);
    expect(numbers[3]).toBe(numbers[2]);
    const rising = numbers.filter((_, i) => i !== 3);
    expect(rising).toEqual([...new Set(rising)].sort((a, b) => a - b));
    expect(
      eventsIn(
        theirs.received.map((d) => d.data),
        [101],
      ),
    ).toEqual([]);
    expect(all.join("")).not.toMatch(/10\.0\.4\.|127\.0\.0\.1|X-Crew/);
  });

  test("requests of one moment have numbers of their own, in their order", async () => {
    const callId = `${unique()}@${pbxAt}`;
    const invite = pbx.make({ uri: `sip:${number}@${edgeAt.address}`, callId, body: sdp(pbxAt, 17_000) });
    const before = agent.requests("INVITE").length;
    const dialog = dialogOf(invite, await pbx.ask(invite, 5000, edgeAt));
    await pbx.send(within(pbx, dialog, "ACK"), edgeAt);
    const got = await agent.request("INVITE", before);
    const asked = Array.from({ length: 30 }, (_, i) => agent.within(got, "OPTIONS", { cseq: i + 1 }));
    const answers = await Promise.all(asked.map((text) => agent.ask(text, 3000, agentsSide)));
    expect(answers.map(cseqOf)).toEqual(asked.map((_, i) => i + 1));
    const numbers = pbx
      .requests("OPTIONS")
      .filter((t) => headerValues(t, "Call-ID")[0] === callId)
      .map(cseqOf);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(numbers).toHaveLength(30);
    expect(statusOf(await agent.ask(agent.within(got, "BYE", { cseq: 31 }), 3000, agentsSide))).toBe(200);
  });

  test("an agent that called, until the edge ends the call", async () => {
    const { ours } = await peers();
    const callId = `${unique("out")}@${agentAt}`;
    const invite = agent.make({
      uri: `sip:+14155550123@${agentsSide.address}:5080`,
      callId,
      from: "sarah",
      body: sdp(agentAt, 18_000),
      cseq: 500,
    });
    const before = pbx.requests("INVITE").length;
    const answer = await agent.ask(invite, 5000, agentsSide);
    const dialog = dialogOf(invite, answer);
    await agent.send(within(agent, dialog, "ACK"), agentsSide);
    const got = await pbx.request("INVITE", before);
    const id = headerValues(got, "Call-ID")[0] ?? "";
    await expect.poll(() => pbx.requests("ACK").at(-1)).toContain("CSeq: 500 ACK");
    for (const digit of ["1", "*"]) {
      await say(ours, answer, digit);
      expect(await guard()).toBe(200);
    }
    const again = within(agent, dialog, "INVITE", { cseq: 501, body: sdp(agentAt, 18_000) });
    const accepted = await agent.ask(again, 3000, agentsSide);
    expect(statusOf(accepted)).toBe(200);
    const target = /<([^>]*)>/.exec(headerValues(accepted, "Contact")[0] ?? "")?.[1] ?? "";
    await agent.send(within(agent, { ...dialog, cseq: 501, target }, "ACK"), agentsSide);
    await say(ours, answer, "9");
    expect(await guard()).toBe(200);
    expect(await endCall(lab, id)).toEqual([200, 200]);
    expect(
      infosAt(id)
        .map((t) => /Signal=(.)/.exec(bodyOf(t))?.[1])
        .join(""),
    ).toBe("1*9");
    const all = pbx.requests().filter((t) => headerValues(t, "Call-ID")[0] === id);
    const numbers = all.filter((t) => !t.startsWith("ACK")).map(cseqOf);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    const acks = all.filter((t) => t.startsWith("ACK")).map(cseqOf);
    expect(acks).toEqual(all.filter((t) => t.startsWith("INVITE")).map(cseqOf));
  });

  test("INFO of the other end is played to the agent, what the agent sends as INFO passes", async () => {
    const { theirs, ours } = await peers();
    const callId = `${unique()}@${pbxAt}`;
    const invite = pbx.make({ uri: `sip:${number}@${edgeAt.address}`, callId, body: sdp(pbxAt, 17_000) });
    const before = agent.requests("INVITE").length;
    const answer = await pbx.ask(invite, 5000, edgeAt);
    const dialog = dialogOf(invite, answer);
    await pbx.send(within(pbx, dialog, "ACK"), edgeAt);
    const got = await agent.request("INVITE", before);
    speaks(theirs, answer);
    await expect.poll(() => ours.received.length).toBeGreaterThan(3);
    const info = within(pbx, dialog, "INFO", {
      body: "Signal=8\r\nDuration=160\r\n",
      contentType: "application/dtmf-relay",
      cseq: 2,
    });
    expect(statusOf(await pbx.ask(info, 3000, edgeAt))).toBe(200);
    const digits = () =>
      eventsIn(
        ours.received.map((d) => d.data),
        [101],
      ).map((e) => e.digit);
    await expect.poll(digits, { timeout: 4000 }).toEqual(["8"]);
    // What the edge plays itself is no news to it.
    await expect(ear.receive(300)).rejects.toThrow();
    const sent = agent.within(got, "INFO", { body: "Signal=3\r\n", contentType: "application/dtmf-relay" });
    expect(statusOf(await agent.ask(sent, 3000, agentsSide))).toBe(200);
    expect(infosAt(callId).map(bodyOf)).toEqual(["Signal=3\r\n"]);
    expect(statusOf(await pbx.ask(within(pbx, dialog, "BYE", { cseq: 3 }), 3000, edgeAt))).toBe(200);
  });

  describe("a carrier without telephone events", () => {
    test("that calls: the agent has them", async () => {
      const { ours } = await peers();
      const uri = `sip:${number}@${edgeAt.address}`;
      const invite = pbx.make({ uri, callId: unique(), body: sdp(pbxAt, 17_000, 0) });
      const before = agent.requests("INVITE").length;
      const answer = await pbx.ask(invite, 5000, edgeAt);
      expect(eventType(answer)).toBe(0);
      const dialog = dialogOf(invite, answer);
      await pbx.send(within(pbx, dialog, "ACK"), edgeAt);
      const got = await agent.request("INVITE", before);
      speaks(ours, got);
      await say(ours, got, "5");
      expect(await guard()).toBe(200);
      expect(infosAt(dialog.callId).map(bodyOf)).toEqual(["Signal=5\r\nDuration=160\r\n"]);
      expect(statusOf(await pbx.ask(within(pbx, dialog, "BYE"), 3000, edgeAt))).toBe(200);
    });

    test("that is called: the agent has them", async () => {
      const { ours } = await peers();
      const body = sdp(pbxAt, 17_000, 0);
      pbx.answerWith(
        (turn, next) => (turn.method === "INVITE" ? [turn.reply("200 OK", { body })] : next()),
        accepts(),
      );
      const callId = unique("out");
      const uri = `sip:+14155550123@${agentsSide.address}:5080`;
      const invite = agent.make({ uri, callId, from: "sarah", body: sdp(agentAt, 18_000) });
      const answer = await agent.ask(invite, 5000, agentsSide);
      expect(eventType(answer)).toBe(101);
      const dialog = dialogOf(invite, answer);
      await agent.send(within(agent, dialog, "ACK"), agentsSide);
      speaks(ours, answer);
      await say(ours, answer, "6");
      expect(await guard()).toBe(200);
      expect(infosAt(callId).map(bodyOf)).toEqual(["Signal=6\r\nDuration=160\r\n"]);
      expect(statusOf(await agent.ask(within(agent, dialog, "BYE"), 3000, agentsSide))).toBe(200);
    });
  });
});
