/** How calls end before they are answered: given up, refused, not answered, and what then reaches whom. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { sippAgent, sippCall } from "../../src/phone/sipp.ts";
import { shows } from "../acceptance/shows.ts";
import { startAsterisk } from "../lab/asterisk.ts";
import { soon } from "../lab/edge.ts";
import { givesUp, unsounding } from "./call-kinds.ts";
import {
  agentsSide,
  dial,
  draft,
  edgeAt,
  number,
  openWorld,
  saw,
  sleep,
  toAgent,
  type World,
} from "./call-world.ts";
import { agentSink, rings } from "./kit/agent.ts";
import { dialogOf, hangUp, within } from "./kit/call.ts";
import { methodOf, response, sdp, statusOf, unique } from "./kit/message.ts";
import { ackOf, party } from "./kit/party.ts";

const host = "10.0.4.10";
const pbx = "10.0.4.11";

let world: World;
beforeAll(async () => {
  const agents = {
    first: { uri: `sip:${host}:5080` },
    second: { uri: `sip:${host}:5081` },
    pbx: { uri: `sip:${pbx}:5080` },
    quick: { uri: `sip:${host}:5083` },
  };
  world = await openWorld(
    draft(agents, [
      toAgent(0, "first"),
      toAgent(1, "second"),
      toAgent(2, "pbx"),
      toAgent(3, "quick"),
      toAgent(4, "first", { ring_timeout: 2, on_failure: [{ agent_id: "second" }] }),
    ]),
  );
});
afterAll(() => world.close());

const forgotten = (): Promise<void> =>
  expect.poll(() => world.sessions(), { timeout: 3000, interval: 100 }).toEqual([]) as Promise<void>;
describe("the caller gives up", () => {
  test("SIPp, while it rings", async () => {
    shows("behaviour/02-cancel");
    const agent = await world.agent({ via: "sipp", at: `${host}:5080`, ringMs: 20_000 });
    expect(await world.sipp(0, { cancelAfterMs: 300 })).toMatchObject({
      ok: 1,
      codes: { 487: 1 },
      errors: "",
    });
    await expect.poll(() => saw(agent.messages(), "received", "ACK"), { timeout: 2000 }).toBe(true);
    expect(messagesOf(agent.messages(), "CANCEL")).toHaveLength(1);
    await expect
      .poll(() => world.edge.records("unanswered").at(-1), soon)
      .toMatchObject({ trunk: "acme", code: 487 });
    await forgotten();
  });

  test("baresip, while it rings", async () => {
    const agent = await world.agent({ via: "sipp", at: `${host}:5080`, ringMs: 20_000 });
    const caller = await world.caller({ via: "baresip", from: "203.0.113.10:5060", to: dial(0) });
    const result = await caller.call({ waitMs: 700 });
    expect(result.answered).toBe(false);
    await expect.poll(() => saw(agent.messages(), "received", "CANCEL"), { timeout: 2000 }).toBe(true);
    await forgotten();
  });

  test("Asterisk, while it rings", async () => {
    shows("behaviour/02-cancel");
    const agent = await world.agent({ via: "sipp", at: `${host}:5080`, ringMs: 20_000 });
    const caller = await world.caller({ via: "asterisk", from: "203.0.113.11:5060", to: dial(0) });
    const result = await caller.call({ waitMs: 1000 });
    expect(result.answered).toBe(false);
    await expect.poll(() => saw(agent.messages(), "received", "CANCEL"), { timeout: 2000 }).toBe(true);
    await forgotten();
  });

  test.each([
    ["the agent has said 100", unsounding()],
    ["the agent has said nothing", undefined],
  ])("before any ringing, when %s", async (_, scenario) => {
    shows("behaviour/03-cancel-race");
    const place = { tools: world.lab.tools, dir: join(world.lab.dir, "unsounding") };
    const agent = await sippAgent(
      { ...place, launcher: await world.lab.host(host), name: unique("agent"), address: host, port: 5080 },
      scenario ?? { answer: "none" },
    );
    onTestFinished(() => agent.stop());
    const began = Date.now();
    const from = { launcher: await world.lab.host("203.0.113.12"), address: "203.0.113.12" };
    const result = await sippCall(
      { ...place, ...from, name: unique("caller"), remote: `${edgeAt.address}:5060`, receiveMs: 5000 },
      givesUp(100, 400)(number(0)),
    );
    expect(result).toMatchObject({ ok: 1, codes: { 487: 1 } });
    // At once, or when the agent's silence has lasted as long as that of any agent.
    expect(Date.now() - began).toBeLessThan(6000);
    // RFC 3261 section 9.1: no CANCEL before a provisional response.
    expect(saw(agent.messages(), "received", "CANCEL")).toBe(scenario !== undefined);
    await forgotten();
  });

  test("at the moment the agent answers: both sides see that it never was, or both a call", async () => {
    shows("behaviour/03-cancel-race");
    const agent = await agentSink(await world.lab.host(host), host, 5083, agentsSide);
    const caller = await party(await world.lab.host("203.0.113.13"), "203.0.113.13", 5060, edgeAt);
    onTestFinished(() => agent.close());
    const contact = `sip:agent@${host}:5083`;
    const answered = new Set<string>();
    const cancelled = new Set<string>();
    const ringing = rings();
    agent.answerWith((request, as) => {
      const callId = headerValues(request, "Call-ID")[0] ?? "";
      if (methodOf(request) !== "CANCEL") return ringing(request, as);
      // RFC 3261 section 9.2: a CANCEL after the final response changes nothing.
      if (answered.has(callId)) return [response(request, "200 OK", { toTag: as.tag })];
      cancelled.add(callId);
      return ringing(request, as);
    });

    /** How the caller sees a call whose CANCEL and 200 are sent in an order; both sides must see the same. */
    async function outcome(
      inOrder: (o: {
        readonly callId: string;
        readonly cancel: () => Promise<void>;
        readonly answer: () => Promise<void>;
        readonly final: () => Promise<string>;
      }) => Promise<void>,
    ): Promise<number> {
      const callId = unique("race");
      const uri = `sip:${number(3)}@${edgeAt.address}`;
      const invite = caller.make({ callId, uri });
      await caller.send(invite);
      const got = await agent.request("INVITE", callId);
      await caller.peer.receive(2000, (d) => d.text.includes(callId) && statusOf(d.text) === 180);
      const one = (name: string): string => headerValues(invite, name)[0] ?? "";
      const cancel = [
        `CANCEL ${uri} SIP/2.0`,
        ...["Via", "From", "To", "Call-ID"].map((name) => `${name}: ${one(name)}`),
        "CSeq: 1 CANCEL",
        "Max-Forwards: 70",
        "Content-Length: 0",
        "",
        "",
      ].join("\r\n");
      const ok = response(got, "200 OK", { toTag: agent.tag, contact, body: sdp(host, 18_000) });
      const finals = (): readonly string[] =>
        caller
          .since(0)
          .filter(
            (text) =>
              headerValues(text, "Call-ID")[0] === callId &&
              statusOf(text) >= 200 &&
              headerValues(text, "CSeq")[0] === "1 INVITE",
          );
      const final = async (): Promise<string> => {
        await expect.poll(finals, { timeout: 5000, interval: 5 }).not.toEqual([]);
        return finals()[0] ?? "";
      };
      await inOrder({
        callId,
        final,
        cancel: () => caller.send(cancel),
        answer: async () => {
          if (cancelled.has(callId)) return;
          answered.add(callId);
          await agent.send(ok);
        },
      });
      const text = await final();
      expect(statusOf(text)).toBe(answered.has(callId) ? 200 : 487);
      const seen = (): readonly string[] =>
        agent
          .requests()
          .filter((t) => headerValues(t, "Call-ID")[0] === callId && methodOf(t) !== "CANCEL")
          .map(methodOf);
      if (answered.has(callId)) {
        const dialog = dialogOf(invite, text);
        await caller.send(within(caller, dialog, "ACK"));
        await agent.request("ACK", callId);
        expect(await hangUp(caller, dialog)).toContain("SIP/2.0 200 ");
        expect(seen()).toEqual(["INVITE", "ACK", "BYE"]);
      } else {
        await caller.send(ackOf(invite, text));
        await agent.request("ACK", callId);
        expect(seen()).toEqual(["INVITE", "ACK"]);
      }
      expect([...new Set(finals().map(statusOf))]).toEqual([statusOf(text)]);
      return statusOf(text);
    }

    // Whichever is there before the other is sent decides.
    const early = await outcome(async ({ callId, cancel, answer }) => {
      await cancel();
      await agent.request("CANCEL", callId);
      await answer();
    });
    const late = await outcome(async ({ cancel, answer, final }) => {
      await answer();
      await final();
      await cancel();
    });
    expect([early, late]).toEqual([487, 200]);
    // Where they cross either may.
    for (const ms of [3, 2, 1, 0, 0, 0]) {
      for (const first of ["cancel", "answer"] as const)
        await outcome(async (o) => {
          await o[first]();
          if (ms > 0) await sleep(ms);
          await o[first === "cancel" ? "answer" : "cancel"]();
        });
    }
    await forgotten();
  });
});

describe("the agent does not take it", () => {
  test("baresip is busy when its user refuses", async () => {
    const agent = await phone({
      ...{ launcher: await world.lab.host(host), tools: world.lab.tools, dir: join(world.lab.dir, "busy") },
      ...{ name: "busy", address: host, port: 5080, answer: "manual" },
    });
    onTestFinished(() => agent.stop());
    const call = world.sipp(0);
    await agent.incoming(5000);
    agent.hangUp();
    expect(await call).toMatchObject({ ok: 1, codes: { 486: 1 }, errors: "" });
    await forgotten();
  });

  test("Asterisk is busy", async () => {
    const trunks = { edge: { address: agentsSide.address } };
    const settings = { address: pbx, port: 5080, trunks, agent: { cause: 17 } } as const;
    const agent = await startAsterisk(world.lab, "busy-pbx", settings, await world.lab.host(pbx));
    onTestFinished(() => agent.stop());
    expect(await world.sipp(2)).toMatchObject({ ok: 1, codes: { 486: 1 }, errors: "" });
    await forgotten();
  });

  test.each([
    [603, 603, { ringMs: 200 }],
    [404, 404, {}],
    [302, 480, { headers: ["Contact: <sip:elsewhere@192.0.2.1>"] }],
    [401, 502, { headers: ['WWW-Authenticate: Digest realm="agent", nonce="abc"'] }],
    [407, 502, { headers: ['Proxy-Authenticate: Digest realm="agent", nonce="abc"'] }],
  ])("%i reaches the caller as %i", async (answer, code, more) => {
    await world.agent({ via: "sipp", at: `${host}:5080`, sipp: { answer, ...more } });
    const result = await world.sipp(0);
    expect(result).toMatchObject({ ok: 1, codes: { [code]: 1 }, errors: "" });
    const [final = { text: "" }] = messagesOf(result.messages, code);
    expect(final.text).not.toMatch(/192\.0\.2\.1|realm=/);
    await forgotten();
  });

  test("nobody answers in time: the next agent has the call, and the first stops ringing", async () => {
    const first = await world.agent({ via: "sipp", at: `${host}:5080`, ringMs: 20_000 });
    const second = await world.agent({ via: "sipp", at: `${host}:5081` });
    const result = await world.sipp(4);
    expect(result).toMatchObject({ ok: 1, codes: { 200: 1 } });
    expect(result.answerMs[0]).toBeGreaterThan(1900);
    expect(result.answerMs[0]).toBeLessThan(4000);
    expect(saw(first.messages(), "received", "CANCEL")).toBe(true);
    expect(second.invites().map((m) => headerValues(m.text, "X-Crew-Agent")[0])).toEqual(["second"]);
    await forgotten();
  });
});
