/** The server by hand against programs that know nothing of it. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { headerValues, messagesOf } from "../../../src/phone/message.ts";
import type { Asterisk } from "../../lab/asterisk.ts";
import { startCaller } from "../../lab/peers.ts";
import {
  accepts,
  forMethods,
  inTurn,
  onlyTries,
  redirects,
  refuses,
  ringsFor,
  ringsReliably,
  sessionTimer,
  silent,
} from "./behaviours.ts";
import { echo } from "./media.ts";
import { bodyOf, sdp, statusOf } from "./message.ts";
import type { Party } from "./party.ts";
import type { Behaviour } from "./server.ts";
import { at, pbxAt, type ServerLab, serverLab } from "./server-lab.ts";

let world: ServerLab;
let pbx: Asterisk;
let client: Party;
const server: ServerLab["server"] = (...behaviours) => world.server(...behaviours);
const sipp: ServerLab["sipp"] = (o) => world.sipp(o);
beforeAll(async () => {
  world = await serverLab();
  ({ pbx, client } = world);
}, 300_000);
afterAll(() => world.lab.close());

describe("a server by hand", () => {
  test("rings, is cancelled while it does, and answers no more", async () => {
    const s = await server(ringsFor(60_000), accepts());
    const call = await pbx.call({ to: "+1", trunk: "provider", ringSeconds: 1 });
    expect(call).toMatchObject({ answered: false, status: "NOANSWER" });
    await s.request("CANCEL");
    await s.request("ACK");
    expect(messagesOf(pbx.messages(), 487).length).toBeGreaterThan(0);
  });

  test("answers after it rang, with early media where asked", async () => {
    await server(ringsFor(200, { early: true }), accepts());
    const invite = client.make();
    const final = await client.ask(invite);
    const got = client.since(0).filter((m) => m.includes(headerValues(invite, "Call-ID")[0] ?? ""));
    expect([...new Set(got.map(statusOf))]).toEqual([183, 200]);
    expect(bodyOf(got[0] ?? "")).toMatch(/^m=audio/m);
    expect(statusOf(final)).toBe(200);
  });

  test.each<[string, Behaviour, Record<number, number>]>([
    ["503", refuses("503 Service Unavailable", ["Retry-After: 5"]), { 503: 1 }],
    ["302", redirects(["sip:+1@192.0.2.1"]), { 302: 1 }],
    ["486", refuses("486 Busy Here"), { 486: 1 }],
  ])("is understood by a SIPp where it says %s", async (_, behaviour, codes) => {
    const s = await server(behaviour, accepts());
    expect((await sipp({})).codes).toEqual(codes);
    expect(s.requests().map((r) => r.split(" ")[0])).toEqual(["INVITE", "ACK"]);
  });

  test("orders the targets of a redirection", async () => {
    await server(redirects(["sip:+1@192.0.2.1", "sip:+1@192.0.2.2"]));
    expect(headerValues(await client.ask(client.make()), "Contact")).toEqual([
      "<sip:+1@192.0.2.1>;q=1.0",
      "<sip:+1@192.0.2.2>;q=0.9",
    ]);
  });

  test("goes through its behaviours in turn", async () => {
    await server(inTurn(refuses("503 Service Unavailable"), refuses("486 Busy Here")), accepts());
    const codes = [];
    for (let i = 0; i < 3; i++) codes.push(statusOf(await client.ask(client.make())));
    expect(codes).toEqual([503, 486, 486]);
  });

  test("keeps silent, or says no more than 100, and still hears", async () => {
    const s = await server(forMethods(["INVITE"], silent), accepts());
    const mark = client.mark();
    await expect(client.ask(client.make(), 300)).rejects.toThrow("no datagram");
    expect(client.since(mark)).toEqual([]);
    s.answerWith(onlyTries, accepts());
    await expect(client.ask(client.make(), 300)).rejects.toThrow("no datagram");
    expect(client.since(mark).map(statusOf)).toEqual([100]);
    expect(statusOf(await client.ask(client.make({ method: "OPTIONS" })))).toBe(200);
    expect(s.requests("INVITE")).toHaveLength(2);
  });

  test("answers a request that comes again as before, and counts it once", async () => {
    let times = 0;
    const s = await server((turn) => [turn.reply(`48${times++} Busy`)]);
    const options = client.make({ method: "OPTIONS" });
    expect([await client.ask(options), await client.ask(options)].map(statusOf)).toEqual([480, 480]);
    expect(s.requests()).toHaveLength(1);
  });

  test("repeats its 200 until the ACK", async () => {
    const s = await server(accepts());
    const invite = client.make();
    await client.ask(invite);
    const first = client.mark();
    await expect.poll(() => client.since(first).length, { timeout: 3000 }).toBeGreaterThanOrEqual(1);
    await client.send(client.make({ method: "ACK", callId: headerValues(invite, "Call-ID")[0] ?? "" }));
    await s.request("ACK");
    const last = client.mark();
    await new Promise((resolve) => setTimeout(resolve, 2200));
    expect(client.since(last)).toEqual([]);
  });

  test("rings reliably for a SIPp and an Asterisk, who acknowledge that", async () => {
    const s = await server(ringsReliably({ insists: true, rseq: 1 }), accepts());
    expect((await sipp({ prack: true })).codes).toEqual({ 200: 1 });
    expect((await sipp({})).codes).toEqual({ 421: 1 });
    s.answerWith(ringsReliably({ rseq: 7311 }), accepts());
    expect(await pbx.call({ to: "+1", trunk: "reliable", talkMs: 50 })).toMatchObject({ answered: true });
    expect(s.requests("PRACK").map((p) => headerValues(p, "RAck")[0])).toEqual([
      "1 1 INVITE",
      expect.stringMatching(/^7311 \d+ INVITE$/),
    ]);
    expect(s.problems()).toEqual([]);
  });

  test("answers in the reliable 183, and not again in the 200", async () => {
    const s = await server(ringsReliably(), accepts());
    const invite = client.make({ headers: ["Supported: 100rel"] });
    const final = client.ask(invite);
    await s.request("INVITE");
    const [callId = ""] = headerValues(invite, "Call-ID");
    expect(
      statusOf(await client.ask(client.make({ method: "PRACK", callId, headers: ["RAck: 1 1 INVITE"] }))),
    ).toBe(200);
    expect([statusOf(await final), bodyOf(await final)]).toEqual([200, ""]);
    expect(s.problems()).toEqual([]);
  });

  test("tells a PRACK that acknowledges nothing", async () => {
    const s = await server(ringsReliably(), accepts());
    const prack = client.make({ method: "PRACK", headers: ["RAck: 9 1 INVITE"] });
    expect(statusOf(await client.ask(prack))).toBe(481);
    expect(s.problems()).toEqual([expect.stringContaining('RAck is "9 1 INVITE"')]);
  });

  test("offers where the INVITE does not, and wants the answer in the ACK", async () => {
    const s = await server(accepts());
    expect((await sipp({ sdp: "none" })).codes).toEqual({ 200: 1 });
    expect(bodyOf(await s.request("ACK"))).toMatch(/^m=audio/m);
    expect(s.problems()).toEqual([]);
    const invite = client.make({ body: "" });
    await client.ask(invite);
    await client.send(client.make({ method: "ACK", callId: headerValues(invite, "Call-ID")[0] ?? "" }));
    await expect.poll(s.problems).toEqual([expect.stringContaining("no answer to the offer")]);
  });

  test("echoes the tones of callers, also while it rings reliably before", async () => {
    const media = await echo(world.lab, at.address, 18000);
    onTestFinished(() => media.close());
    const s = await server(ringsReliably(), accepts({ mediaPort: media.port }));
    const call = await pbx.call({ to: "+1", trunk: "reliable", hz: 700, talkMs: 1200 });
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(700).heard).toBe(true);
    expect(call.heard(1100).heard).toBe(false);
    expect(media.sources().filter((from) => from.startsWith(`${pbxAt}:`)).length).toBeGreaterThanOrEqual(1);
    const from = "198.51.100.26:5060";
    const sippCaller = await startCaller(world.lab, {
      via: "sipp",
      from,
      to: `sip:+1@${at.address}`,
      sipp: { prack: true },
    });
    expect(await sippCaller.call({ talkMs: 900, expectHz: 700 })).toMatchObject({
      answered: true,
      heardTone: true,
    });
    expect(s.problems()).toEqual([]);
  });

  test("wants longer session intervals of an Asterisk, which then gives them", async () => {
    const s = await server(sessionTimer({ minSe: 300 }), accepts());
    expect(await pbx.call({ to: "+1", trunk: "timed", talkMs: 50 })).toMatchObject({ answered: true });
    const asked = s.requests("INVITE").map((i) => headerValues(i, "Session-Expires")[0]);
    expect(asked).toEqual([expect.stringMatching(/^120/), expect.stringMatching(/^300/)]);
    const answers = messagesOf(pbx.messages(), 200).map((m) => headerValues(m.text, "Session-Expires")[0]);
    expect(answers).toContain("300;refresher=uac");
  });

  test("refreshes a session, holds and hangs up within the call that an Asterisk placed", async () => {
    const s = await server(sessionTimer({ minSe: 90 }), accepts());
    const call = pbx.call({ to: "+1", trunk: "timed", talkMs: 20_000 });
    const invite = await s.request("INVITE");
    await s.request("ACK");
    const to = { address: pbxAt, port: 5060 };
    const headers = ["Supported: timer", "Session-Expires: 120;refresher=uac"];
    const refreshed = await s.ask(s.within(invite, "UPDATE", { headers }), 3000, to);
    expect([statusOf(refreshed), headerValues(refreshed, "Session-Expires").length]).toEqual([200, 1]);
    const body = sdp(at.address, 18000).replace("sendrecv", "sendonly").replace("1 1 IN", "1 2 IN");
    const held = await s.ask(s.within(invite, "INVITE", { body }), 3000, to);
    expect(bodyOf(held)).toMatch(/^a=recvonly/m);
    await s.send(s.within(invite, "ACK"), to);
    expect(statusOf(await s.ask(s.within(invite, "BYE"), 3000, to))).toBe(200);
    expect(await call).toMatchObject({ answered: true });
  });
});
