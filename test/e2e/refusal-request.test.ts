/** What a trunk may not ask for: other destinations than its numbers, a Route of its own, other methods. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { soon } from "../lab/edge.ts";
import { call, hangUp } from "./kit/call.ts";
import { statusOf } from "./kit/message.ts";
import { addresses, edgeAt, openWorld, type World } from "./kit/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => void (await world.settle(0)));

const us = edgeAt.address;
const nothing = { agent: [], third: [] };
/** Long enough for a request that the edge passed on beside its refusal. */
const short = 60;

/** The last refusal that the edge recorded for a call. */
const refusalOf = (callId: string) => world.edge.records("refused").findLast((r) => r.call === callId);

describe("a Route in the first request", () => {
  test.each<[string, readonly string[]]>([
    ["loose, to a third party", [`Route: <sip:${addresses.third};lr>`]],
    ["strict, to a third party", [`Route: <sip:${addresses.third}>`]],
    ["with a space before the colon", [`Route : <sip:${addresses.third};lr>`]],
    ["with a tab before the colon", [`Route\t: <sip:${addresses.third};lr>`]],
    ["in capitals, without a space", [`ROUTE:<sip:${addresses.third};lr>`]],
    ["folded", [`rOuTe:\r\n\t<sip:${addresses.third};lr>`]],
    ["without angle brackets", [`Route: sip:${addresses.third}`]],
    ["with a display name", [`Route: "<sip:${us};lr>" <sip:${addresses.third};lr>`]],
    ["ours, then a third party's", [`Route: <sip:${us};lr>, <sip:${addresses.third};lr>`]],
    [
      "ours, then a third party's, in two headers",
      [`Route: <sip:${us};lr>`, `Route: <sip:${addresses.third};lr>`],
    ],
    ["ours, then a third party's, folded", [`Route: <sip:${us};lr>,\r\n <sip:${addresses.third};lr>`]],
    ["a third party's, then ours", [`Route: <sip:${addresses.third};lr>, <sip:${us};lr>`]],
    [
      "ours twice, then a third party's",
      [`Route: <sip:${us};lr>,<sip:${us};lr>,<sip:${addresses.third};lr>`],
    ],
    ["to the agent", [`Route: <sip:${addresses.agent}:5080;lr>`]],
    ["ours, then the agent's", [`Route: <sip:${us};lr>, <sip:${addresses.agent}:5080;lr>`]],
    ["to another trunk", [`Route: <sip:${addresses.other};lr>`]],
    ["to another port of ours", [`Route: <sip:${us}:2223;lr>`]],
    ["a host name", ["Route: <sip:localhost;lr>"]],
    ["sips", [`Route: <sips:${addresses.third};lr>`]],
    ["tel", ["Route: <tel:+14155551111>"]],
    ["ours, then a third party's, no space", [`Route:<sip:${us};lr>,<sip:${addresses.third};lr>`]],
    ["ours, then one without brackets", [`Route: <sip:${us};lr>, sip:${addresses.third}`]],
  ])("%s: refused", async (_, headers) => {
    const { carrier } = world;
    const answer = await carrier.ask(carrier.make({ headers }));
    expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
    expect(statusOf(answer)).toBeLessThan(500);
    expect(await world.settle(short)).toEqual(nothing);
  });

  test.each<[string, readonly string[]]>([
    ["empty", ["Route:"]],
    ["garbage", ["Route: ;;;,,<>"]],
    ["unclosed", [`Route: <sip:${addresses.third};lr`]],
    ["with a header in the URI", [`Route: <sip:${us};lr?Route=%3Csip:${addresses.third}%3E>`]],
    ["with maddr", [`Route: <sip:${us};lr;maddr=${addresses.third}>`]],
    ["ours alone", [`Route: <sip:${us};lr>`]],
  ])("%s: never to a third party, and never as a Route to the agent", async (_, headers) => {
    const { carrier } = world;
    const answer = await carrier.ask(carrier.make({ headers })).catch(() => "");
    const seen = await world.settle(short);
    expect(seen.third).toEqual([]);
    if (statusOf(answer) !== 200) expect(seen.agent).toEqual([]);
    expect(seen.agent.flatMap((t) => headerValues(t, "Route"))).toEqual([]);
  });

  test("the record names trunk and reason", async () => {
    const { carrier } = world;
    const invite = carrier.make({ headers: [`Route: <sip:${addresses.third};lr>`], callId: "route-record" });
    expect(statusOf(await carrier.ask(invite))).toBe(403);
    await expect
      .poll(() => refusalOf("route-record"), soon)
      .toMatchObject({
        trunk: "acme",
        code: 403,
        reason: "preloaded_route",
        method: "INVITE",
        source: addresses.carrier,
      });
  });

  test.each(["OPTIONS", "MESSAGE", "REGISTER", "SUBSCRIBE", "FROBNICATE"])(
    "with %s: not followed",
    async (method) => {
      const { carrier } = world;
      const headers = [`Route: <sip:${us};lr>`, `Route: <sip:${addresses.third};lr>`];
      await carrier.ask(carrier.make({ method, uri: `sip:${us}`, headers })).catch(() => "");
      await carrier.ask(carrier.make({ method, uri: `sip:x@${addresses.third}`, headers })).catch(() => "");
      expect(await world.settle(short)).toEqual(nothing);
    },
  );
});

describe("a Request-URI that is not ours", () => {
  test.each([
    `sip:+14155551111@${addresses.third}`,
    `sip:+14155551111@${addresses.third}:5060;lr`,
    `sip:+14155551111@${us}:5070`,
    `sip:+14155551111@${us}:2223`,
    "sip:+14155551111@127.0.0.1:7002",
    "sip:+14155551111@10.0.4.1:5080",
    "sip:+14155551111@127.0.0.1",
    "sip:+14155551111@127.0.0.8",
    "sip:+14155551111@localhost",
    `sip:+14155551111@${addresses.agent}:5080`,
    `sip:+14155551111@${addresses.other}`,
    `sips:+14155551111@${us}`,
    "tel:+14155551111",
    `tel:+14155551111;phone-context=${us}`,
    `http://${us}/+14155551111`,
    "urn:service:sos",
    `sip:+14155551111@${us}@${addresses.third}`,
    `sip:+14155551111@${addresses.third}@${us}`,
    `sip:+14155551111%40${addresses.third}@${us}`,
    `sip:${us}`,
    `sip:@${us}`,
    `sip:+14155559999@${us}`,
    `sip:+14155552222@${us}`,
    `sip:crew-proof@${us}`,
  ])("%s: refused", async (uri) => {
    const { carrier } = world;
    const answer = await carrier.ask(carrier.make({ uri, to: "<sip:+14155551111@example.com>" }));
    expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
    expect(statusOf(answer)).toBeLessThan(500);
    expect(await world.settle(short)).toEqual(nothing);
  });

  // RFC 3261 section 8.2.2.1.
  test.each([`sips:+14155551111@${us}`, "tel:+14155551111"])("%s: 416", async (uri) => {
    const { carrier } = world;
    const answer = await carrier.ask(carrier.make({ uri, to: "<sip:+14155551111@example.com>" }));
    expect(statusOf(answer)).toBe(416);
  });

  test.each([
    `sip:+14155551111@${us};maddr=${addresses.third}`,
    `sip:+14155551111@${us}:5060;maddr=${addresses.third};transport=udp`,
    `sip:+14155551111@${us};transport=tcp`,
    `sip:+14155551111@${us};transport=tls`,
    `sip:+14155551111@${us};transport=ws`,
    `sip:+14155551111@${us};received=${addresses.third}`,
    `sip:+14155551111@${us};alias=${addresses.third}~5060~1`,
    `sip:+14155551111@${us};ob;gr=x`,
    `sip:+14155551111@${us}?Route=%3Csip:${addresses.third}%3E`,
    `sip:+14155551111:secret@${us}`,
    `sip:+14155551111;maddr=${addresses.third}@${us}`,
  ])("parameters do not lead elsewhere: %s", async (uri) => {
    const { carrier } = world;
    const answer = await carrier.ask(carrier.make({ uri }), 6000).catch(() => "");
    const seen = await world.settle(short);
    expect(seen.third).toEqual([]);
    // Either it is refused, or it is the agent's call with nothing of the caller's in its Request-URI.
    for (const text of seen.agent.filter((t) => t.startsWith("INVITE ")))
      expect(text.split("\r\n")[0]).toBe("INVITE sip:+14155551111@10.0.4.10:5080 SIP/2.0");
    expect(statusOf(answer)).toBe(seen.agent.length > 0 ? 200 : statusOf(answer));
    expect(statusOf(answer)).toBeGreaterThanOrEqual(200);
  });

  test("the record names trunk and reason", async () => {
    const { carrier } = world;
    const uri = `sip:+14155551111@${addresses.third}`;
    await carrier.ask(carrier.make({ uri, callId: "foreign-record" }));
    await expect
      .poll(() => refusalOf("foreign-record"), soon)
      .toMatchObject({
        trunk: "acme",
        code: 403,
        reason: "foreign_request_uri",
        called: "+14155551111",
      });
  });
});

describe("an address that the edge had hidden in another call", () => {
  test("opens nothing: neither as Request-URI nor as Route, for no method", async () => {
    const { carrier } = world;
    const dialog = await call(carrier);
    const { target: uri } = dialog;
    expect(uri).not.toContain(addresses.agent);
    await hangUp(carrier, dialog);
    await world.settle(short);
    const headers = [`Route: <${uri}>`];
    // A Route that names only the edge, and no To tag, says nothing: see above.
    for (const method of ["INVITE", "BYE", "MESSAGE", "OPTIONS", "ACK", "NOTIFY"])
      for (const change of [{ uri }, { uri, toTag: "x" }, { headers, toTag: "x" }, { uri, headers }]) {
        const text = carrier.make({ method, ...change });
        const answer = await carrier.ask(text, method === "ACK" ? 50 : 500).catch(() => "");
        // An OPTIONS to the edge itself is answered by the edge itself.
        if (statusOf(answer) !== 0 && method !== "OPTIONS")
          expect([method, change, statusOf(answer)]).toEqual([
            method,
            change,
            expect.toBeOneOf([400, 403, 404, 405, 416, 481]),
          ]);
      }
    expect(await world.settle(short)).toEqual(nothing);
  });
});

describe("methods that a trunk may not use", () => {
  test.each([
    "MESSAGE",
    "SUBSCRIBE",
    "REGISTER",
    "NOTIFY",
    "PUBLISH",
    "REFER",
    "INFO",
    "UPDATE",
    "PRACK",
    "BYE",
    "KDMQ",
    "FROBNICATE",
  ])("%s outside a call: 405, and nothing reaches the agent", async (method) => {
    const { carrier } = world;
    for (const uri of [`sip:+14155551111@${us}`, `sip:${us}`, `sip:agent_sarah@${us}`]) {
      const answer = await carrier.ask(carrier.make({ method, uri, callId: `m-${method}`, body: "hello" }));
      expect([method, statusOf(answer)]).toEqual([
        method,
        method === "BYE" ? expect.toBeOneOf([405, 481]) : 405,
      ]);
      if (method !== "BYE") expect(headerValues(answer, "Allow")[0]).toContain("INVITE");
    }
    expect(await world.settle(short)).toEqual(nothing);
    await expect
      .poll(() => refusalOf(`m-${method}`), soon)
      .toMatchObject({ trunk: "acme", reason: "method", method });
  });

  test("a method in small letters is no INVITE (RFC 3261 section 7.1)", async () => {
    const { carrier } = world;
    const text = carrier
      .make()
      .replace(/^INVITE/, "invite")
      .replace("1 INVITE", "1 invite");
    const answer = await carrier.ask(text);
    expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
    expect(await world.settle(short)).toEqual(nothing);
  });

  test("from the agent side: no call, no message, no registration", async () => {
    const { agent, carrier } = world;
    const mark = carrier.mark();
    for (const method of ["INVITE", "MESSAGE", "REGISTER", "SUBSCRIBE", "NOTIFY", "REFER"]) {
      for (const uri of [`sip:+14155550100@${addresses.carrier}`, "sip:+14155551111@10.0.4.1:5080"]) {
        const answer = await agent.ask(agent.make({ method, uri }));
        expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
        expect(statusOf(answer)).toBeLessThan(500);
      }
    }
    await world.settle(short);
    expect(carrier.since(mark)).toEqual([]);
  });

  test("CANCEL and ACK of no call go nowhere", async () => {
    shows("behaviour/06-ack");
    const { carrier } = world;
    const answer = await carrier.ask(carrier.make({ method: "CANCEL" }));
    expect(statusOf(answer)).toBe(481);
    await carrier.send(carrier.make({ method: "ACK" }));
    await carrier.send(carrier.make({ method: "ACK", uri: `sip:x@${addresses.third}` }));
    await carrier.send(carrier.make({ method: "CANCEL", uri: `sip:x@${addresses.third}` }));
    expect(await world.settle()).toEqual(nothing);
  });
});
