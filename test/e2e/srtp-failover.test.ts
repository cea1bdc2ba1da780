/** The next agent of a call that began with SRTP, or without: the caller's side keeps what it began with, whichever process goes on. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Half, half, type Invited, within } from "../targets/kamailio/calls.ts";
import { agentsSide, draft, edgeAt, number, openWorld, toAgent, type World } from "./call-world.ts";
import { bodyOf, request, response, sdp, unique } from "./kit/message.ts";

const callerAt = "203.0.113.200";
const firstAt = "10.0.4.200";
const secondAt = "10.0.4.201";
const key = (letter: string): string => `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${letter.repeat(40)}\r\n`;
const secure = (at: string, port: number, letter: string): string =>
  sdp(at, port).replace("RTP/AVP", "RTP/SAVP") + key(letter);

let world: World;
let caller: Half;
let first: Half;
let second: Half;
beforeAll(async () => {
  const agents = {
    first: { uri: `sip:${firstAt}:5080`, media_encryption: "required" },
    second: { uri: `sip:${secondAt}:5080`, media_encryption: "required" },
  };
  const sip = { media_encryption: "allowed", keys_over_clear_signalling: true };
  const route = toAgent(0, "first", { on_failure: [{ agent_id: "second" }] });
  world = await openWorld(draft(agents, [route], sip));
  for (const address of [callerAt, firstAt, secondAt]) await world.lab.addAddress(address);
  caller = await half(world.lab, callerAt, 5060, edgeAt);
  first = await half(world.lab, firstAt, 5080, agentsSide);
  second = await half(world.lab, secondAt, 5080, agentsSide);
});
afterAll(() => world.close());

test("twenty calls, with SRTP and without in turn", async () => {
  const told: string[] = [];
  for (let i = 0; i < 20; i++) {
    const callId = unique("srtp");
    const body = i % 2 === 0 ? secure(callerAt, 17_000, "A") : sdp(callerAt);
    const sent = request({ at: caller.at, uri: `sip:${number(0)}@${edgeAt.address}`, callId, body });
    await caller.send(sent);
    const refused = await first.next(callId, "INVITE");
    await first.send(response(refused, "503 Service Unavailable", { toTag: "first" }));
    const got = await second.next(callId, "INVITE");
    expect(headerValues(got, "X-Crew-Agent")).toEqual(["second"]);
    expect(bodyOf(got)).toMatch(/^m=audio \d+ RTP\/SAVP /m);
    const contact = `sip:agent@${secondAt}:5080`;
    const answer = { toTag: "second", contact, body: secure(secondAt, 18_000, "B") };
    await second.send(response(got, "200 OK", answer));
    const ok = await caller.next(callId, 200);
    told.push(/^m=audio \d+ (\S+) /m.exec(bodyOf(ok))?.[1] ?? "no audio");
    const call: Invited = { callId, sent, got };
    await caller.send(within(caller, call, ok, "ACK", 1));
    await second.next(callId, "ACK");
    await caller.send(within(caller, call, ok, "BYE", 2));
    await second.send(response(await second.next(callId, "BYE"), "200 OK"));
    await caller.next(callId, 200);
  }
  expect(told).toEqual(told.map((_, i) => (i % 2 === 0 ? "RTP/SAVP" : "RTP/AVP")));
}, 30_000);
