/** What the edge does with each kind of answer, and without any. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headerValues } from "../../../src/phone/message.ts";
import { bodyOf, request, sdp, statusOf, unique } from "../../e2e/kit/message.ts";
import { type Edge, soon, startEdge } from "../../lab/edge.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import {
  agentSide,
  answer,
  carrierSide,
  type Half,
  half,
  invite,
  loopbackEdge,
  same,
  within,
} from "./calls.ts";

let lab: Lab;
let edge: Edge;
let caller: Half;
const agents: Record<string, Half> = {};

const agent = (name: string): Half => {
  const found = agents[name];
  if (found === undefined) throw new Error(`no agent ${name}`);
  return found;
};
const uri = (user: string): string => `sip:${user}@${carrierSide.address}`;

beforeAll(async () => {
  lab = await openLab();
  for (const [name, address] of [
    ["first", "127.0.0.3"],
    ["second", "127.0.0.4"],
    ["other", "127.0.0.5"],
  ] as const) {
    agents[name] = await half(lab, address, 5080, agentSide);
  }
  caller = await half(lab, "127.0.0.2", 5070, carrierSide);
  const tiers = [
    { uri: "sip:127.0.0.3:5080", priority: 1 },
    { uri: "sip:127.0.0.4:5080", priority: 2 },
  ];
  const draft = loopbackEdge(
    {
      agents: {
        sarah: { uri: tiers },
        marcus: { uri: "sip:127.0.0.5:5080" },
        gone: { uri: "sip:127.0.0.9:5080" },
        support: { uri: "sip:desk@127.0.0.5:5080", codecs: ["PCMA"] },
      },
    },
    {
      codecs: [
        { name: "PCMU", priority: 1 },
        { name: "PCMA", priority: 2 },
      ],
      inbound_routes: [
        { match: { to_user: "chain" }, agent_id: "sarah", on_failure: [{ agent_id: "marcus" }] },
        {
          match: { to_user: "refuse" },
          agent_id: "sarah",
          on_failure: [{ refuse: { code: 603, reason: "Closed" } }],
        },
        { match: { to_user: "impatient" }, agent_id: "marcus", ring_timeout: 2 },
        { match: { to_user: "desk" }, agent_id: "support" },
      ],
    },
  );
  edge = await startEdge(lab, draft);
});
afterAll(() => lab.close());

const place = async (user: string, to: Half, o: Parameters<typeof invite>[2] = {}) =>
  invite(caller, to, { uri: uri(user), ...o });

describe("answers that go on", () => {
  test.each([408, 430, 480, 500, 502, 503, 504, 580])(
    "%i: the next address, the next agent, then 480",
    async (code) => {
      const call = await place("chain", agent("first"));
      await agent("first").send(answer(agent("first"), call.got, `${code} Trouble`));
      const second = await agent("second").next(call.callId, "INVITE");
      expect(headerValues(second, "X-Crew-Agent")).toEqual(["sarah"]);
      expect(bodyOf(second)).toContain("c=IN IP4 127.0.0.20");
      await agent("second").send(answer(agent("second"), second, `${code} Trouble`));
      const other = await agent("other").next(call.callId, "INVITE");
      expect(headerValues(other, "X-Crew-Agent")).toEqual(["marcus"]);
      await agent("other").send(answer(agent("other"), other, `${code} Trouble`));
      const final = await caller.next(call.callId, 480);
      expect(final).toContain("480 No Agent Available");
      await caller.send(same(call, "ACK", "x"));
      await expect
        .poll(() => edge.records("refused").at(-1), soon)
        .toMatchObject({
          trunk: "acme",
          route: "chain",
          reason: "no_agent",
          call: call.callId,
        });
    },
  );

  test("silence: the next address within seconds", async () => {
    const callId = unique("call");
    const began = Date.now();
    await caller.send(request({ at: caller.at, uri: uri("chain"), callId }));
    const second = await agent("second").next(callId, "INVITE", 6000);
    expect(Date.now() - began).toBeGreaterThan(3000);
    await agent("second").send(answer(agent("second"), second, "200 OK"));
    const ok = await caller.next(callId, 200);
    expect(bodyOf(ok)).toContain("c=IN IP4 127.0.0.10");
  });

  test("ringing for longer than ring_timeout", async () => {
    const call = await place("impatient", agent("other"));
    await agent("other").send(answer(agent("other"), call.got, "180 Ringing"));
    await caller.next(call.callId, 180);
    await agent("other").next(call.callId, "CANCEL", 4000);
    await caller.next(call.callId, 480);
  });

  test("a refusal of the config's own at the end", async () => {
    const call = await place("refuse", agent("first"));
    await agent("first").send(answer(agent("first"), call.got, "503 No"));
    const second = await agent("second").next(call.callId, "INVITE");
    await agent("second").send(answer(agent("second"), second, "503 No"));
    expect(await caller.next(call.callId, 603)).toContain("603 Closed");
  });
});

describe("answers that stop", () => {
  test.each([400, 404, 486, 488, 600, 603])("%i reaches the caller", async (code) => {
    const call = await place("chain", agent("first"));
    await agent("first").send(
      answer(agent("first"), call.got, `${code} No`, ["Server: secret/1", "Warning: 399 10.0.0.1 x"]),
    );
    const final = await caller.next(call.callId, code);
    expect(headerValues(final, "Server")).toEqual([]);
    expect(headerValues(final, "Warning")).toEqual([]);
    expect(await agent("second").quiet(call.callId, "INVITE", 300)).toBe(true);
    await expect
      .poll(() => edge.records("unanswered").at(-1), soon)
      .toMatchObject({ call: call.callId, code, agent: "sarah" });
  });

  test.each([
    [302, 480],
    [401, 502],
    [407, 502],
  ])("%i is never relayed: %i", async (code, instead) => {
    const call = await place("chain", agent("first"));
    const headers = ["Contact: <sip:evil@192.0.2.1>", 'WWW-Authenticate: Digest realm="x", nonce="y"'];
    await agent("first").send(answer(agent("first"), call.got, `${code} Else`, headers));
    const final = await caller.next(call.callId, instead);
    expect(final).not.toContain("192.0.2.1");
    expect(final).not.toContain("realm");
  });

  test("CANCEL before any answer and after 180", async () => {
    for (const ring of [false, true]) {
      const call = await place("chain", agent("first"));
      if (ring) {
        await agent("first").send(answer(agent("first"), call.got, "180 Ringing"));
        await caller.next(call.callId, 180);
      }
      await caller.send(same(call, "CANCEL"));
      await caller.next(call.callId, 200);
      if (!ring) await agent("first").send(answer(agent("first"), call.got, "180 Ringing"));
      const cancel = await agent("first").next(call.callId, "CANCEL");
      await agent("first").send(answer(agent("first"), cancel, "200 OK"));
      await agent("first").send(answer(agent("first"), call.got, "487 Request Terminated"));
      await caller.next(call.callId, 487);
      expect(await agent("second").quiet(call.callId, "INVITE", 200)).toBe(true);
    }
  });
});

describe("offers", () => {
  test("delayed: the agent offers in 200, the caller answers in ACK", async () => {
    const call = await place("chain", agent("first"), { body: "" });
    expect(bodyOf(call.got)).toBe("");
    await agent("first").send(answer(agent("first"), call.got, "200 OK"));
    const ok = await caller.next(call.callId, 200);
    expect(bodyOf(ok)).toContain("c=IN IP4 127.0.0.10");
    await caller.send(within(caller, call, ok, "ACK", 1, { body: sdp("127.0.0.2", 17004) }));
    expect(bodyOf(await agent("first").next(call.callId, "ACK"))).toContain("c=IN IP4 127.0.0.20");
  });

  test("only codecs of trunk and agent pass, in the agent's order", async () => {
    const call = await place("desk", agent("other"), { body: sdp("127.0.0.2").replace("0 8", "0 8 18") });
    expect(bodyOf(call.got)).toMatch(/^m=audio \d+ RTP\/AVP 8\r?$/m);
    expect(call.got).toMatch(/^INVITE sip:desk@127\.0\.0\.5:5080 SIP/);
  });

  test("no codec in common: 488, and the agent hears nothing", async () => {
    const callId = unique("call");
    const body = sdp("127.0.0.2")
      .replace("RTP/AVP 0 8", "RTP/AVP 18")
      .replaceAll(/a=rtpmap.*\r\n/g, "");
    await caller.send(request({ at: caller.at, uri: uri("chain"), callId, body }));
    await caller.next(callId, 488);
    expect(await agent("first").quiet(callId, "INVITE", 200)).toBe(true);
  });
});

test("what a peer writes cannot break a record", async () => {
  const callId = `a"b\\c%40{x}'<y>@h`;
  await caller.send(request({ at: caller.at, uri: uri("nobody%22here"), callId }));
  await caller.next(callId, 404);
  const record = () => edge.records("refused").at(-1);
  await expect.poll(() => decodeURIComponent(String(record()?.call)), soon).toBe(callId);
  expect(record()).toMatchObject({ trunk: "acme", reason: "no_route", code: 404 });
});

describe("without the media relay", () => {
  beforeEach(() => edge.rtpengine?.stop());
  test.each(["with", "without"])(
    "an INVITE %s SDP gets 503 with Retry-After and reaches nobody",
    async (kind) => {
      const callId = unique("call");
      await caller.send(
        request({ at: caller.at, uri: uri("chain"), callId, ...(kind === "with" ? {} : { body: "" }) }),
      );
      const final = await caller.next(callId, 503, 6000);
      expect(headerValues(final, "Retry-After")).toEqual(["5"]);
      expect(statusOf(final)).toBe(503);
      expect(await agent("first").quiet(callId, "INVITE", 200)).toBe(true);
    },
  );
});
