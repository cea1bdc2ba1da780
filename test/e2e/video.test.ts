/** Of the streams of an offer, the voice edge takes audio, fax and text; video and data are refused, and neither side sees the other's. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { back, type Half, half, invite, within } from "../targets/kamailio/calls.ts";
import { agentsSide, draft, edgeAt, number, openWorld, toAgent, type World } from "./call-world.ts";
import { bodyOf, methodOf, response, sdp } from "./kit/message.ts";

const callerAt = "203.0.113.200";
const agentAt = "10.0.4.200";

describe.each(["6.1", "6.0", "5.6"] as const)("engine line %s", (engine) => {
  let world: World;
  let caller: Half;
  let agent: Half;
  beforeAll(async () => {
    world = await openWorld({
      ...draft({ hand: { uri: `sip:${agentAt}:5080` } }, [toAgent(0, "hand")]),
      engine,
    });
    await world.lab.addAddress(callerAt);
    await world.lab.addAddress(agentAt);
    caller = await half(world.lab, callerAt, 5060, edgeAt);
    agent = await half(world.lab, agentAt, 5080, agentsSide);
    const serve = async (): Promise<void> => {
      for (;;) {
        const { text } = await agent.peer.receive(600_000, (d) => methodOf(d.text) === "OPTIONS");
        await agent.send(response(text, "200 OK", { toTag: "agent" }));
      }
    };
    serve().catch(() => {});
  }, 600_000);
  afterAll(() => world.close());

  const video = (at: string, port: number): string =>
    [
      `m=video ${port} RTP/AVP 96 97`,
      `c=IN IP4 ${at}`,
      `a=rtcp:${port + 1} IN IP4 ${at}`,
      "a=rtpmap:96 H264/90000",
      "a=rtpmap:97 VP8/90000",
      "a=label:hidden",
      "",
    ].join("\r\n");
  const data = (port: number): string => `m=application ${port} UDP/BFCP *\r\na=floorctrl:c-s\r\n`;
  const text = (port: number): string => `m=text ${port} RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n`;
  /** Kind of each stream, with a + where it has a port. */
  const streams = (message: string): string =>
    [...bodyOf(message).matchAll(/^m=(\S+) (\d+)/gm)].map((m) => m[1] + (m[2] === "0" ? "" : "+")).join(" ");
  const say = (to: string, status: string, body = ""): Promise<void> =>
    agent.send(response(to, status, { toTag: "agent", contact: `sip:agent@${agentAt}:5080`, body }));
  const uri = `sip:${number(0)}@${edgeAt.address}`;

  test.each([
    ["video", video(callerAt, 17_002), "audio+ video"],
    [
      "video, data and text",
      video(callerAt, 17_002) + data(17_004) + text(17_006),
      "audio+ video application text+",
    ],
    [
      "data between two of video",
      video(callerAt, 17_002) + data(17_004) + video(callerAt, 17_006),
      "audio+ video application video",
    ],
  ])("an offer of audio with %s", async (_, more, told) => {
    const call = await invite(caller, agent, { uri, body: sdp(callerAt) + more });
    expect(streams(call.got)).toBe(told);
    expect(bodyOf(call.got)).not.toMatch(/203\.0\.113\.|17002|H264|hidden|floorctrl/);
    const refusal = bodyOf(call.got)
      .match(/^m=(?!audio).*\r\n/gm)
      ?.map((m) => m.replace(/^m=text \d+/, "m=text 18006"));
    await say(call.got, "200 OK", sdp(agentAt, 18_000) + (refusal ?? []).join(""));
    const ok = await caller.next(call.callId, 200);
    expect(streams(ok)).toBe(told);
    await caller.send(within(caller, call, ok, "ACK", 1));
    await agent.next(call.callId, "ACK");

    // And whoever adds video later is refused it too.
    await agent.send(back(agent, call, "INVITE", 1, sdp(agentAt, 18_000) + video(agentAt, 18_002)));
    const again = await caller.next(call.callId, "INVITE");
    expect(streams(again)).toMatch(/^audio\+ video/);
    expect(bodyOf(again)).not.toMatch(/10\.0\.4\.200|18002|H264|hidden/);
    await caller.send(
      response(again, "200 OK", {
        contact: `sip:x@${callerAt}:5060`,
        body: `${sdp(callerAt)}m=video 0 RTP/AVP 96\r\n`,
      }),
    );
    expect(streams(await agent.next(call.callId, 200))).toMatch(/^audio\+ video( |$)/);
    await agent.send(back(agent, call, "ACK", 1));
    await caller.next(call.callId, "ACK");
    await caller.send(within(caller, call, ok, "BYE", 2));
    await say(await agent.next(call.callId, "BYE"), "200 OK");
    await caller.next(call.callId, 200);
  });

  test("an offer of the callee's, for a call without one", async () => {
    const call = await invite(caller, agent, { uri, body: "" });
    await say(call.got, "200 OK", sdp(agentAt, 18_000) + video(agentAt, 18_002));
    const ok = await caller.next(call.callId, 200);
    expect(streams(ok)).toBe("audio+ video");
    expect(bodyOf(ok)).not.toMatch(/10\.0\.4\.200|18002|H264|hidden/);
    const body = `${sdp(callerAt)}m=video 0 RTP/AVP 96\r\n`;
    await caller.send(within(caller, call, ok, "ACK", 1, { body }));
    expect(streams(await agent.next(call.callId, "ACK"))).toBe("audio+ video");
    await caller.send(within(caller, call, ok, "BYE", 2));
    await say(await agent.next(call.callId, "BYE"), "200 OK");
    await caller.next(call.callId, 200);
  });
});
