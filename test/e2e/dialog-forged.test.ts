/** Requests within calls: only those that the edge's own signature, the right side and the right sender vouch for. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { soon } from "../lab/edge.ts";
import { agentSink } from "./kit/agent.ts";
import { type Change, call, type Dialog, hangUp, within } from "./kit/call.ts";
import { methodOf, response, statusOf, unique } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { addresses, agentsSide, edgeAt, openWorld, type World } from "./kit/world.ts";

const methods = [
  "BYE",
  "INVITE",
  "INFO",
  "UPDATE",
  "ACK",
  "PRACK",
  "OPTIONS",
  "REFER",
  "NOTIFY",
  "MESSAGE",
  "SUBSCRIBE",
  "FROBNICATE",
];

let world: World;
let dialog: Dialog;
beforeAll(async () => {
  world = await openWorld();
  dialog = await call(world.carrier);
  await world.agent.request("ACK", dialog.callId);
});
afterAll(() => world.close());
beforeEach(async () => void (await world.settle(0)));

const us = edgeAt.address;
const nothing = { agent: [], third: [] };

/** Sends one request of each method; each must be refused with 4xx or met with silence, and nothing must reach anyone. */
async function allRefused(from: Party, change: (method: string) => Change, base: Dialog = dialog) {
  const sent = await Promise.all(
    methods.map(async (method) => {
      const text = within(from, base, method, change(method));
      if (method === "ACK") {
        await from.send(text);
        return "";
      }
      return from.ask(text, 400).catch(() => "");
    }),
  );
  const seen = await world.settle(100);
  expect(seen).toEqual(nothing);
  for (const [i, answer] of sent.entries()) {
    if (answer === "") continue;
    expect([methods[i], statusOf(answer)]).toEqual([
      methods[i],
      expect.toSatisfy((s) => s >= 400 && s < 500),
    ]);
  }
  return sent.map(statusOf);
}

/** The same Record-Route with another claim. */
const claimed = (routes: readonly string[], claim: (c: string) => string): readonly string[] =>
  routes.map((line) => line.replace(/;c=([^;>]+)/, (_, c: string) => `;c=${claim(c)}`));

describe("a call that never was", () => {
  const never = (): Dialog => ({
    ...dialog,
    callId: unique("never"),
    fromTag: unique("f"),
    toTag: unique("t"),
    target: `sip:${addresses.agent}:5080`,
    routes: [],
  });

  test("no Route, the agent as target: refused", async () => {
    await allRefused(world.carrier, () => ({}), never());
  });
  test("no Route, a number of ours as target: refused", async () => {
    await allRefused(world.carrier, () => ({}), { ...never(), target: `sip:+14155551111@${us}` });
  });
  test.each([
    ["our address without a claim", `<sip:${us};lr>`],
    ["our address strict", `<sip:${us}>`],
    ["an empty claim", `<sip:${us};lr;c=>`],
    ["a made-up claim", `<sip:${us};lr=on;c=acme.io.1795446645.-.00000000000000000000000000000000>`],
    ["a claim of dots", `<sip:${us};lr=on;c=....>`],
    ["a claim of dots and a null", `<sip:${us};lr=on;c=acme.io..-.%3Cnull%3E>`],
    ["the agent", `<sip:${addresses.agent}:5080;lr>`],
    ["us and the agent", `<sip:${us};lr>,<sip:${addresses.agent}:5080;lr>`],
    ["us and a third party", `<sip:${us};lr>,<sip:${addresses.third};lr>`],
    ["both our sides", `<sip:${us};r2=on;lr>,<sip:${agentsSide.address}:5080;r2=on;lr>`],
  ])("Route is %s: refused", async (_, route) => {
    const base = { ...never(), routes: [`Route: ${route}`] };
    await allRefused(world.carrier, () => ({}), base);
    await allRefused(world.carrier, () => ({ uri: `sip:x@${addresses.third}` }), base);
  });
});

describe("a forged claim", () => {
  test.each<[string, (c: string) => string]>([
    ["one letter of the signature changed", (c) => c.slice(0, -1) + (c.endsWith("0") ? "1" : "0")],
    ["a shorter signature", (c) => c.slice(0, -8)],
    ["no signature", (c) => c.replace(/\.[0-9a-f]{16,}$/, "")],
    ["an empty signature", (c) => c.replace(/\.[0-9a-f]{16,}$/, ".")],
    ["a longer signature", (c) => `${c}00`],
    ["the signature in capitals", (c) => c.replace(/[0-9a-f]{16,}$/, (s) => s.toUpperCase())],
    ["another trunk", (c) => c.replace("acme", "other")],
    ["no trunk", (c) => c.replace("acme", "")],
    ["another start", (c) => c.replace(/\.\d{9,}\./, ".1000000000.")],
    ["one part more", (c) => `x.${c}`],
    ["parts moved", (c) => c.replace(/^acme\.(\w+)/, "$1.acme")],
  ])("%s: refused", async (_, claim) => {
    const forged = claimed(dialog.routes, claim);
    expect(forged).not.toEqual(dialog.routes);
    await allRefused(world.carrier, () => ({}), { ...dialog, routes: forged });
  });
});

describe("the right claim", () => {
  test.each<[string, Partial<Dialog>]>([
    ["with another Call-ID", { callId: "another-call" }],
    ["with another tag of the caller", { fromTag: "another-tag" }],
    ["with the tags exchanged", {}],
  ])("%s: refused", async (name, change) => {
    const base = name.includes("exchanged")
      ? { ...dialog, fromTag: dialog.toTag, toTag: dialog.fromTag }
      : dialog;
    await allRefused(world.carrier, () => ({}), { ...base, ...change });
  });

  test("from another trunk's address: refused", async () => {
    const codes = await allRefused(world.other, () => ({}));
    expect(codes.filter((c) => c !== 0)).not.toEqual([]);
  });

  test("from an unknown address: silence", async () => {
    const codes = await allRefused(world.attacker, () => ({}));
    expect(codes.filter((c) => c !== 0)).toEqual([]);
  });

  test("from the agent's address to the carrier side, and from the carrier's to the agent side: silence", async () => {
    const { agent, carrier } = world;
    const marks = [agent.mark(), carrier.mark()];
    for (const method of methods) {
      await agent.send(within(agent, dialog, method), edgeAt);
      await carrier.send(within(carrier, dialog, method), agentsSide);
    }
    expect(await world.settle(150)).toEqual(nothing);
    expect(agent.since(marks[0] ?? 0).filter((t) => methodOf(t) !== "OPTIONS")).toEqual([]);
    expect(carrier.since(marks[1] ?? 0)).toEqual([]);
  });

  test("from an agent as if it were the caller: refused", async () => {
    const mark = world.carrier.mark();
    await allRefused(world.agent, () => ({}));
    expect(world.carrier.since(mark)).toEqual([]);
  });

  test("from the agents' network, but no agent: silence", async () => {
    const { lab, carrier } = world;
    await lab.addAddress("10.0.4.99");
    const neighbour = await party(lab, "10.0.4.99", 5080, agentsSide);
    const mark = carrier.mark();
    // What the agent itself would send: tags as it sees them.
    const asAgent = { ...dialog, fromTag: dialog.toTag, toTag: dialog.fromTag };
    const codes = await allRefused(neighbour, () => ({}), asAgent);
    expect(codes.filter((c) => c !== 0)).toEqual([]);
    expect(carrier.since(mark)).toEqual([]);
  });

  test.each([
    ["a third party as target", `sip:x@${addresses.third}`],
    ["a third party's sips as target", `sips:x@${addresses.third}`],
    ["a host name as target", "sip:x@localhost"],
    ["another port of the edge as target", "sip:x@127.0.0.1:2223"],
    ["a tel target", "tel:+14155551111"],
  ])("and %s: nothing leaves for it", async (_, target) => {
    await allRefused(world.carrier, () => ({}), { ...dialog, target });
  });

  test("and maddr in the target: nothing leaves for it", async () => {
    const target = `sip:agent@${addresses.agent}:5080;maddr=${addresses.third}`;
    const { dialog: fresh } = await freshCall();
    for (const method of methods)
      await world.carrier.send(within(world.carrier, fresh, method, { uri: target }));
    expect((await world.settle(150)).third).toEqual([]);
  });

  test("and a Route of the sender's behind ours: nothing leaves for it", async () => {
    const more = [...dialog.routes, `Route: <sip:${addresses.third};lr>`];
    await allRefused(world.carrier, () => ({}), { ...dialog, routes: more });
    await allRefused(world.carrier, () => ({}), {
      ...dialog,
      routes: [`Route: <sip:${addresses.third};lr>`, ...dialog.routes],
    });
  });

  test("and methods that trunks may not use within a call: 405, nothing reaches the agent", async () => {
    for (const method of ["REFER", "NOTIFY", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REGISTER", "FROBNICATE"])
      expect([method, statusOf(await world.carrier.ask(within(world.carrier, dialog, method)))]).toEqual([
        method,
        405,
      ]);
    expect(await world.settle(60)).toEqual(nothing);
  });

  test("and methods that agents may not use: 405, nothing reaches the carrier", async () => {
    const { agent, carrier } = world;
    const invite = (await freshCall()).invite;
    const mark = carrier.mark();
    for (const method of ["REFER", "NOTIFY", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REGISTER"])
      expect([method, statusOf(await agent.ask(fromAgent(invite, method)))]).toEqual([method, 405]);
    await world.settle(60);
    expect(carrier.since(mark)).toEqual([]);
  });
});

/** A new call and its INVITE as the agent got it. */
async function freshCall(): Promise<{ readonly dialog: Dialog; readonly invite: string }> {
  const fresh = await call(world.carrier);
  const invite = await world.agent.request("INVITE", fresh.callId);
  await world.agent.request("ACK", fresh.callId);
  return { dialog: fresh, invite };
}

/** A request within the call from the agent. */
function fromAgent(invite: string, method: string, change: Change = {}): string {
  const value = (name: string): string => headerValues(invite, name)[0] ?? "";
  const { agent } = world;
  const answered = agent.tag;
  const contact = /<([^>]*)>/.exec(value("Contact"))?.[1] ?? "";
  return agent.make({
    method,
    uri: contact,
    callId: value("Call-ID"),
    cseq: 100,
    ...change,
    headers: [...headerValues(invite, "Record-Route").map((r) => `Route: ${r}`), ...(change.headers ?? [])],
    instead: {
      From: [`From: ${value("To")};tag=${answered}`],
      To: [`To: ${value("From")}`],
      ...change.instead,
    },
  });
}

describe("what belongs to the call passes", () => {
  test("re-INVITE, UPDATE, INFO, OPTIONS and BYE of the caller reach the agent", async () => {
    const { dialog: fresh } = await freshCall();
    world.agent.forget();
    let cseq = 10;
    for (const method of ["INVITE", "UPDATE", "INFO", "OPTIONS", "BYE"]) {
      const text = within(world.carrier, fresh, method, { cseq: ++cseq });
      expect([method, statusOf(await world.carrier.ask(text))]).toEqual([method, 200]);
      if (method !== "INVITE") continue;
      await world.carrier.send(within(world.carrier, fresh, "ACK", { cseq }));
      await world.agent.request("ACK", fresh.callId);
    }
    expect(world.agent.requests().map(methodOf)).toEqual([
      "INVITE",
      "ACK",
      "UPDATE",
      "INFO",
      "OPTIONS",
      "BYE",
    ]);
  });

  test("BYE of the agent reaches the carrier", async () => {
    const { invite } = await freshCall();
    const { agent, carrier } = world;
    const bye = fromAgent(invite, "BYE");
    const answered = agent.ask(bye);
    const at = await carrier.peer.receive(2000, (d) => methodOf(d.text) === "BYE");
    await carrier.send(response(at.text, "200 OK"), at);
    expect(statusOf(await answered)).toBe(200);
  });

  test("a forged BYE does not end the call, nor its media", async () => {
    const { dialog: fresh } = await freshCall();
    const forged = claimed(fresh.routes, (c) => `${c.slice(0, -1)}${c.endsWith("0") ? "1" : "0"}`);
    const answer = await world.carrier.ask(within(world.carrier, { ...fresh, routes: forged }, "BYE"));
    expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
    expect(world.edge.records("ended").filter((r) => r.call === fresh.callId)).toEqual([]);
    expect(statusOf(await hangUp(world.carrier, fresh))).toBe(200);
    await expect
      .poll(() => world.edge.records("ended").filter((r) => r.call === fresh.callId), soon)
      .toHaveLength(1);
  });

  test("the records of refusals name trunk and reason", async () => {
    const callId = unique("rec");
    await world.carrier.ask(within(world.carrier, { ...dialog, callId }, "BYE"));
    await expect
      .poll(() => world.edge.records("refused").find((r) => r.call === callId), soon)
      .toMatchObject({
        trunk: "acme",
        code: 481,
        reason: "not_our_call",
        method: "BYE",
        source: addresses.carrier,
      });
    await world.other.ask(within(world.other, dialog, "BYE"));
    await expect
      .poll(() => world.edge.records("refused").findLast((r) => r.source === addresses.other), soon)
      .toMatchObject({
        trunk: "other",
        reason: "source",
        call: dialog.callId,
      });
  });
});

describe("a carrier whose Contact names what is not its own", () => {
  test.each([
    ["another host of the agents' network", "10.0.4.11:5080"],
    ["the edge itself", `${agentsSide.address}:5080`],
    ["the media relay's control port", "127.0.0.1:2223"],
  ])("%s: the agent's BYE does not go there", async (_, host) => {
    const { lab, carrier, agent } = world;
    await lab.addAddress("10.0.4.11").catch(() => {});
    const victim = host.startsWith("10.0.4.11")
      ? await agentSink(lab, "10.0.4.11", 5080, agentsSide)
      : undefined;
    const callId = unique("contact");
    await call(carrier, { callId, instead: { Contact: [`Contact: <sip:x@${host}>`] } });
    const invite = await agent.request("INVITE", callId);
    await agent.ask(fromAgent(invite, "BYE"), 600).catch(() => "");
    await world.settle(50);
    expect(victim?.heard ?? []).toEqual([]);
    expect(world.edge.rtpengine?.lines.filter((l) => l.includes("BYE")) ?? []).toEqual([]);
    await victim?.close();
  });
});
