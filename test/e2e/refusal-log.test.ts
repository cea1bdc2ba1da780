/** Records stay one line of JSON each, whatever peers write, and say trunk, rule and reason. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { soon } from "../lab/edge.ts";
import { call, hangUp } from "./kit/call.ts";
import { unique } from "./kit/message.ts";
import { addresses, edgeAt, openWorld, sleep, type World } from "./kit/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const nasty: Readonly<Record<string, string>> = {
  quotes: 'a"b""c',
  "a quote and a brace": '"},{"event":"forged"',
  backslashes: "a\\b\\\\c\\",
  "an escaped quote": '\\"',
  "a script variable": "$ru$fU$(hdr(From))$$",
  "a pseudo-variable of the log": "$avp(record)",
  "printf directives": "%s%n%d%x%99999s",
  percent: "100%%25%",
  "control characters": "a\x01\x02\x07\x08\x0b\x1b[31m\x7fb",
  tabs: "a\tb",
  "a NUL": "a\0b",
  "bytes above 127": "\u00e9\u4e2d\u{1f600}",
  braces: "{}[]{{",
  "a line of ours": 'crew: {"event":"forged"}',
  "JSON escapes": "\\u0000\\n\\ud800",
  "very long": "x".repeat(3000),
};

/** All records; throws where one is no JSON. */
const records = () => world.edge.records();

/**
 * Sends a message and waits until the edge has said all that it has to say of it. Malformed headers make Kamailio complain on
 * the stream of the records, which can cut that of another message in two where both are at work at once.
 */
async function alone(text: string): Promise<void> {
  const { lines } = world.edge.kamailio;
  await world.carrier.ask(text, 100).catch(() => "");
  for (let said = -1; said !== lines.length; await sleep(20)) said = lines.length;
}

test.each(Object.keys(nasty))("%s in Call-ID, From, To, Request-URI, method and headers", async (name) => {
  const { carrier } = world;
  const value = nasty[name] ?? "";
  const before = world.edge.kamailio.lines.length;
  const third = `sip:x@${addresses.third}`;
  const sends = [
    carrier.make({ callId: `${unique("log")}${value}`, uri: third }),
    carrier.make({ from: value, uri: third }),
    carrier.make({ fromTag: value, uri: third }),
    carrier.make({ to: `"${value}" <sip:x@y>`, uri: third }),
    carrier.make({ uri: `sip:${value}@${edgeAt.address}` }),
    carrier.make({ uri: `sip:${value}@${addresses.third}` }),
    carrier.make({ method: value, uri: third, body: "x" }),
    carrier.make({ uri: third, headers: [`X-A: ${value}`, `User-Agent: ${value}`] }),
    carrier.make({ callId: `${unique("log")}${value}`, method: "MESSAGE" }),
    carrier.make({ callId: `${unique("log")}${value}`, method: "BYE", toTag: value }),
    carrier.make({ callId: `${unique("log")}${value}`, from: value }),
  ];
  for (const text of sends) await alone(text);
  await world.settle(60);
  for (const record of records()) {
    expect(record.event).toBeOneOf(["refused", "answered", "ended", "unanswered", "failover"]);
    expect(record.trunk).toBeOneOf(["acme", "other"]);
  }
  const refusals = () =>
    world.edge.kamailio.lines.slice(before).filter((l) => l.includes('"event":"refused"'));
  await expect.poll(() => refusals().length, soon).toBeGreaterThan(2);
  expect(await world.alive()).toBe(true);
});

test("each refusal names trunk, rule and reason, and what was asked", async () => {
  const { carrier, other } = world;
  const id = (what: string): string => `named-${what}`;
  await carrier.ask(carrier.make({ callId: id("404"), uri: `sip:+14155550000@${edgeAt.address}` }));
  await other.ask(other.make({ callId: id("other"), uri: `sip:+14155551111@${edgeAt.address}` }));
  await carrier.ask(carrier.make({ callId: id("body"), contentType: "text/plain", body: "x" }));
  await carrier.ask(carrier.make({ callId: id("hops"), maxForwards: 0 }));
  await carrier.ask(carrier.make({ callId: id("cancel"), method: "CANCEL" }));
  const found = (what: string) => records().find((r) => r.call === id(what));
  const source = addresses.carrier;
  await expect
    .poll(() => found("404"), soon)
    .toMatchObject({
      trunk: "acme",
      code: 404,
      reason: "no_route",
      called: "+14155550000",
      source,
    });
  await expect
    .poll(() => found("other"), soon)
    .toMatchObject({
      trunk: "other",
      code: 404,
      reason: "no_route",
      source: addresses.other,
    });
  await expect
    .poll(() => found("body"), soon)
    .toMatchObject({ trunk: "acme", code: 415, reason: "body_type", source });
  await expect
    .poll(() => found("hops"), soon)
    .toMatchObject({ trunk: "acme", code: 483, reason: "max_forwards", source });
  await expect
    .poll(() => found("cancel"), soon)
    .toMatchObject({ trunk: "acme", code: 481, reason: "no_transaction", source });
});

test("records of many processes at once: each is one line of JSON, and none is lost", async () => {
  const { carrier } = world;
  const ids = Array.from({ length: 400 }, () => unique("busy"));
  const uri = `sip:x@${addresses.third}`;
  for (let i = 0; i < ids.length; i += 50)
    await Promise.all(ids.slice(i, i + 50).map((callId) => carrier.ask(carrier.make({ callId, uri }), 5000)));
  const lost = (): readonly string[] => {
    const logged = new Set(records().map((r) => r.call));
    return ids.filter((callId) => !logged.has(callId));
  };
  await expect.poll(lost, soon).toEqual([]);
});

test("the records of a call: answered and ended, with agent and rule", async () => {
  const dialog = await call(world.carrier);
  await hangUp(world.carrier, dialog);
  const mine = () => records().filter((r) => r.call === dialog.callId);
  await expect.poll(() => mine().map((r) => r.event), soon).toEqual(["answered", "ended"]);
  const [answered, ended] = mine();
  expect(answered).toMatchObject({ trunk: "acme", route: "+14155551111", agent: "agent_sarah" });
  expect(ended).toMatchObject({ trunk: "acme", by: "carrier" });
});

test("a peer cannot write a record of its own, not even on a line of its own", async () => {
  const forged = ' 1(47) ERROR: crew: {"event":"forged","trunk":"acme"}';
  for (const party of [world.carrier, world.attacker])
    for (const instead of [
      { From: ["From: <sip:x", forged, "@y>;tag=1"] },
      { From: [`From: <sip:x\r\n${forged}`] },
      { To: ["To: <<<", forged] },
      { Via: ["Via: SIP/2.0/UDP", forged] },
      { "Call-ID": ["Call-ID:", forged] },
      { CSeq: ["CSeq: x", forged] },
      { "Max-Forwards": ["Max-Forwards: x", forged] },
      { Contact: ["Contact: <<<", forged] },
    ])
      for (const method of ["INVITE", "BYE", "OPTIONS"])
        await party.send(
          party.make({ method, instead, headers: ["Route: <<<", forged], body: `v=x\r\n${forged}\r\n` }),
        );
  await world.settle(60);
  expect(records().filter((r) => r.event === "forged")).toEqual([]);
});
