/** Transfers by REFER, by hand: what passes, whom it may name, what the other side sees, and what is refused. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import * as byHand from "../targets/kamailio/calls.ts";
import { accepts } from "./kit/behaviours.ts";
import { type Change, type Dialog, dialogOf, hangUp, within } from "./kit/call.ts";
import { connectionOf, overTcp } from "./kit/connection.ts";
import { bodyOf, request, response, sdp, statusOf, unique } from "./kit/message.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const [pbxAt, otherAt, agentAt] = ["203.0.113.10", "203.0.113.20", "10.0.4.10"] as const;
const number = "+14155551111";
const streamed = "+14155553333";

let lab: Lab;
let edge: Edge;
let pbx: Server;
let other: Server;
let agent: Server;

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, pbxAt, otherAt, agentAt] });
  const agents = {
    sarah: { uri: `sip:${agentAt}:5080` },
    stream: { uri: `sip:${agentAt}:5090;transport=tcp` },
  };
  const trunk = (crew_id: string, address: string, sip: object) => ({
    crew_id,
    country: "US",
    agents,
    sip: {
      auth: { type: "ip_allowlist", allowed_ips: [address] },
      inbound_routes: [
        { match: { to_uri: number }, agent_id: "sarah" },
        { match: { to_uri: streamed }, agent_id: "stream" },
        { match: { to_uri: "+14155552222" }, forward: { number: "+14155550177", via: "acme" } },
      ],
      ...sip,
    },
  });
  const outbound = {
    uri: `sip:${pbxAt}`,
    number_format: "digits",
    caller_id: "+14155551234",
    denied_destinations: ["+1415555019"],
  };
  edge = await startEdge(lab, {
    network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
    trunks: [
      trunk("acme", pbxAt, { outbound, refer: "pass", refer_to: ["+1415", "2003"] }),
      trunk("other", otherAt, {}),
    ],
  });
  pbx = await sipServer(lab, pbxAt, 5060, accepts());
  other = await sipServer(lab, otherAt, 5060, accepts());
  agent = await sipServer(lab, agentAt, 5080, accepts());
});
afterAll(async () => {
  for (const party of [pbx, other, agent]) await party?.close();
  await edge?.stop();
  await lab?.close();
});

interface Call {
  readonly from: Server;
  readonly edgeSide: typeof edgeAt | typeof agentsSide;
  readonly dialog: Dialog;
  readonly callee: Server;
  /** As the callee got it. */
  readonly invite: string;
}

async function call(from: Server, callee: Server, change: Change, edgeSide: Call["edgeSide"]): Promise<Call> {
  const invite = from.make({ callId: `${unique()}@${from.at.address}`, ...change });
  const before = callee.requests("INVITE").length;
  const answer = await from.ask(invite, 5000, edgeSide);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await from.send(within(from, dialog, "ACK"), edgeSide);
  return { from, edgeSide, dialog, callee, invite: await callee.request("INVITE", before) };
}
const callIn = (from = pbx): Promise<Call> =>
  call(from, agent, { uri: `sip:${number}@${edgeAt.address}` }, edgeAt);
const callOut = (): Promise<Call> =>
  call(agent, pbx, { uri: `sip:+14155550123@${agentsSide.address}:5080`, from: "sarah" }, agentsSide);

const refer = (to: string, ...more: string[]) => ({ headers: [`Refer-To: ${to}`, ...more] });

/** The agent of an inbound call refers its caller. */
async function referred(
  made: Call,
  to: string,
  ...more: string[]
): Promise<{ answer: string; got?: string }> {
  const before = pbx.requests("REFER").length;
  const answer = await agent.ask(agent.within(made.invite, "REFER", refer(to, ...more)), 3000, agentsSide);
  return { answer, ...(statusOf(answer) < 300 ? { got: await pbx.request("REFER", before) } : {}) };
}
const one = (text: string | undefined, name: string): string => headerValues(text ?? "", name)[0] ?? "";
const idAtEdge = (made: Call): string => one(made.invite, "Call-ID");
const recorded = (event: string, made: Call) => edge.records(event).filter((r) => r.call === idAtEdge(made));

describe("an agent transfers its caller", () => {
  test.each([
    ["<sip:+14155550123@10.0.4.99>", "14155550123"],
    ["<sip:+14155550123@10.0.4.99:5070;transport=tcp;user=phone>", "14155550123"],
    ["<sip:4155550123@edge>", "14155550123"],
    ["<tel:+14155550123>", "14155550123"],
    ["<sip:2003@10.0.4.1>", "2003"],
  ])("to %s", async (to, named) => {
    shows("behaviour/18-refer");
    const made = await callIn();
    const { answer, got } = await referred(made, to, "Referred-By: <sip:sarah@10.0.4.10>");
    expect(statusOf(answer)).toBe(200);
    expect(headerValues(got ?? "", "Refer-To")).toEqual([`<sip:${named}@${pbxAt}:5060>`]);
    expect(one(got, "Referred-By")).toMatch(new RegExp(`^<sip:\\${number}@`));
    expect(one(got, "Contact")).toMatch(/^<sip:198\.51\.100\.7:5060/);
    expect(got).not.toMatch(/10\.0\.4\./);
    await expect
      .poll(() => recorded("transfer", made), soon)
      .toMatchObject([{ trunk: "acme", to: named, code: 200 }]);
    await hangUp(pbx, made.dialog);
  });

  test("and hears how it went, without a host of the other side", async () => {
    shows("behaviour/18-refer");
    const made = await callIn();
    await referred(made, "<sip:2003@10.0.4.1>");
    const notify = async (line: string, state: string): Promise<string> => {
      const before = agent.requests("NOTIFY").length;
      const sent = within(pbx, made.dialog, "NOTIFY", {
        cseq: 2 + before,
        headers: [`Subscription-State: ${state}`, "Event: refer"],
        body: `${line}\r\nContact: <sip:2003@203.0.113.99>\r\n`,
        contentType: "message/sipfrag;version=2.0",
      });
      expect(statusOf(await pbx.ask(sent, 3000, edgeAt))).toBe(200);
      return agent.request("NOTIFY", before);
    };
    await notify("SIP/2.0 100 Trying", "active;expires=60");
    const got = await notify("SIP/2.0 486 Busy Here", "terminated;reason=noresource");
    expect(bodyOf(got)).toBe("SIP/2.0 486 Busy Here\r\n");
    expect(one(got, "Content-Type")).toBe("message/sipfrag;version=2.0");
    expect(one(got, "Event")).toBe("refer");
    expect(one(got, "Subscription-State")).toBe("terminated;reason=noresource");
    expect(got).not.toMatch(/203\.0\.113\./);
    await expect
      .poll(() => recorded("transferred", made), soon)
      .toMatchObject([{ trunk: "acme", code: 486 }]);
    await hangUp(pbx, made.dialog);
  });

  test("in a call that it placed", async () => {
    const made = await callOut();
    const before = pbx.requests("REFER").length;
    const sent = within(agent, made.dialog, "REFER", refer("<sip:+14155550124@10.0.4.1>"));
    expect(statusOf(await agent.ask(sent, 3000, agentsSide))).toBe(200);
    const got = await pbx.request("REFER", before);
    expect(one(got, "Refer-To")).toBe(`<sip:14155550124@${pbxAt}:5060>`);
    expect(got).not.toMatch(/10\.0\.4\./);
    const notify = pbx.within(made.invite, "NOTIFY", {
      headers: ["Event: refer", "Subscription-State: terminated;reason=noresource"],
      body: "SIP/2.0 200 OK\r\n",
      contentType: "message/sipfrag",
    });
    expect(statusOf(await pbx.ask(notify, 3000, edgeAt))).toBe(200);
    await expect.poll(() => recorded("transferred", made), soon).toMatchObject([{ code: 200 }]);
  });

  test("to a call that it placed: the other side finds both of its calls named", async () => {
    const made = await callIn();
    const consult = await callOut();
    const { callId, fromTag, toTag } = consult.dialog;
    const replaces = encodeURIComponent(`${callId};to-tag=${toTag};from-tag=${fromTag}`);
    const { got } = await referred(made, `<sip:+14155550123@10.0.4.1:5080?Replaces=${replaces}>`);
    const [, value = ""] = /\?Replaces=([^>]*)>$/.exec(one(got, "Refer-To")) ?? [];
    expect(decodeURIComponent(value)).toBe(
      `${one(consult.invite, "Call-ID")};to-tag=${toTag};from-tag=${fromTag}`,
    );
    expect(got).not.toMatch(/10\.0\.4\./);
    await hangUp(pbx, made.dialog);
  });
});

describe("the other side transfers the agent", () => {
  test("to a number that the trunk may name, at the edge", async () => {
    const made = await callIn();
    const before = agent.requests("REFER").length;
    const sent = within(pbx, made.dialog, "REFER", refer(`<sip:+14155550123@${pbxAt}>`));
    expect(statusOf(await pbx.ask(sent, 3000, edgeAt))).toBe(200);
    const got = await agent.request("REFER", before);
    expect(one(got, "Refer-To")).toBe("<sip:+14155550123@10.0.4.1:5080>");
    expect(got).not.toMatch(/203\.0\.113\./);
  });

  test("not to one of its calls", async () => {
    const made = await callIn();
    const sent = within(
      pbx,
      made.dialog,
      "REFER",
      refer(`<sip:+14155550123@${pbxAt}?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>`),
    );
    expect(statusOf(await pbx.ask(sent, 3000, edgeAt))).toBe(403);
  });
});

test("over TCP, on which the referred side is told to go on", async () => {
  shows("behaviour/18-refer");
  const listener = await lab.listen(agentAt, 5090);
  const peer = await lab.tcp(edgeAt, { address: pbxAt });
  onTestFinished(async () => {
    await peer.close();
    await listener.close();
  });
  const caller = connectionOf(peer, { address: pbxAt, port: peer.port });
  const callId = unique("tcp");
  const uri = `sip:${streamed}@${edgeAt.address}`;
  const sent = overTcp(request({ at: caller.at, uri, callId }));
  await caller.send(sent);
  const accepted = await listener.accept(4000);
  onTestFinished(() => accepted.close());
  const callee = connectionOf(accepted, { address: agentAt, port: 5090 });
  const made = { callId, sent, got: await callee.next(callId, "INVITE") };
  const ok = { toTag: "agent", contact: `sip:agent@${agentAt}:5090;transport=tcp` };
  await callee.send(response(made.got, "200 OK", { ...ok, body: sdp(agentAt, 18_000) }));
  const answer = await caller.next(callId, 200);
  await caller.send(overTcp(byHand.within(caller, made, answer, "ACK", 1)));
  await callee.next(callId, "ACK");

  const referTo = (text: string, to: string): string =>
    overTcp(text).replace("\r\nContent-Length", `\r\nRefer-To: ${to}\r\nContent-Length`);
  await callee.send(referTo(byHand.back(callee, made, "REFER", 1), "<sip:2003@10.0.4.1:5080;transport=tcp>"));
  const toCaller = await caller.next(callId, "REFER");
  expect(one(toCaller, "Refer-To")).toBe(`<sip:2003@${pbxAt}:${caller.at.port};transport=tcp>`);
  await caller.send(response(toCaller, "202 Accepted"));
  await callee.next(callId, 202);

  await caller.send(
    referTo(byHand.within(caller, made, answer, "REFER", 2), `<sip:+14155550123@${edgeAt.address}>`),
  );
  const toCallee = await callee.next(callId, "REFER");
  expect(one(toCallee, "Refer-To")).toBe("<sip:+14155550123@10.0.4.1:5080;transport=tcp>");
  await callee.send(response(toCallee, "202 Accepted"));
  await caller.next(callId, 202);
  await caller.send(overTcp(byHand.within(caller, made, answer, "BYE", 3)));
  await callee.send(response(await callee.next(callId, "BYE"), "200 OK"));
  await caller.next(callId, 200);
});

test("methods are allowed to those who have transfers", async () => {
  const allowed = async (from: Server, to: { address: string; port: number }, method: string) => {
    const asked = from.make({ method, uri: `sip:${to.address}:${to.port}` });
    const answer = await from.ask(asked, 3000, to);
    return { code: statusOf(answer), answer, allow: one(answer, "Allow").split(", ") };
  };
  const transfers = ["REFER", "NOTIFY"];
  for (const [from, to] of [[pbx, edgeAt] as const, [agent, agentsSide] as const]) {
    const { code, answer, allow } = await allowed(from, to, "OPTIONS");
    expect(code).toBe(200);
    expect(allow).toEqual(expect.arrayContaining(["INVITE", "PRACK", ...transfers]));
    expect(allow).not.toContain("REGISTER");
    expect(one(answer, "Accept")).toBe("application/sdp");
    expect(one(answer, "Supported")).toContain("100rel");
  }
  expect(await allowed(pbx, edgeAt, "MESSAGE")).toMatchObject({
    code: 405,
    allow: expect.arrayContaining(transfers),
  });
  for (const method of ["OPTIONS", "MESSAGE"])
    expect((await allowed(other, edgeAt, method)).allow).not.toEqual(expect.arrayContaining(transfers));
});

describe("refused", () => {
  test.each([
    ["a caller", () => pbx, edgeAt, number, ["Require: replaces"]],
    ["a caller, among others", () => other, edgeAt, number, ["Require: timer", "Require: 100rel,Replaces"]],
    ["an agent", () => agent, agentsSide, "+14155550123", ["Require: replaces"]],
  ] as const)("a call of %s that must replace another one", async (_, by, to, called, headers) => {
    const from = by();
    const before = [agent, pbx].map((server) => server.requests("INVITE").length);
    const replaces = "Replaces: a;to-tag=b;from-tag=c";
    const invite = from.make({
      uri: `sip:${called}@${to.address}:${to.port}`,
      from: "sarah",
      headers: [...headers, replaces],
    });
    const answer = await from.ask(invite, 3000, to);
    expect(statusOf(answer)).toBe(420);
    expect(one(answer, "Unsupported")).toBe("replaces");
    expect([agent, pbx].map((server) => server.requests("INVITE").length)).toEqual(before);
    await expect
      .poll(() => edge.records("refused").find((r) => r.call === one(invite, "Call-ID")), soon)
      .toMatchObject({ code: 420, reason: "extension" });
  });

  test("no call for another extension", async () => {
    const made = await call(
      pbx,
      agent,
      { uri: `sip:${number}@${edgeAt.address}`, headers: ["Require: 100rel"] },
      edgeAt,
    );
    await hangUp(pbx, made.dialog);
  });

  test.each([
    ["a number that is not listed", "<sip:+12125550123@10.0.4.1>", 403],
    ["a number that is denied", "<sip:+14155550199@10.0.4.1>", 403],
    ["the start of a listed user", "<sip:200@10.0.4.1>", 403],
    ["more than a listed user", "<sip:20031@10.0.4.1>", 403],
    ["two listed users", "<sip:%2B1415,2003@10.0.4.1>", 403],
    ["nobody", "<sip:10.0.4.1>", 403],
    ["another method", "<sip:2003@10.0.4.1;method=BYE>", 400],
  ])("%s", async (_, to, code) => {
    shows("behaviour/18-refer");
    const made = await callIn();
    const before = pbx.requests("REFER").length;
    expect(statusOf((await referred(made, to)).answer)).toBe(code);
    expect(pbx.requests("REFER")).toHaveLength(before);
    await expect
      .poll(() => edge.records("refused").at(-1), soon)
      .toMatchObject({ trunk: "acme", code, method: "REFER" });
    await hangUp(pbx, made.dialog);
  });

  test("a REFER without Refer-To", async () => {
    const made = await callIn();
    expect(statusOf(await agent.ask(agent.within(made.invite, "REFER"), 3000, agentsSide))).toBe(400);
  });

  test("in calls of a trunk that has no transfers, from both sides", async () => {
    const made = await callIn(other);
    expect(statusOf((await referred(made, "<sip:2003@10.0.4.1>")).answer)).toBe(405);
    const sent = within(other, made.dialog, "REFER", refer("<sip:2003@10.0.4.1>"));
    expect(statusOf(await other.ask(sent, 3000, edgeAt))).toBe(405);
    await hangUp(other, made.dialog);
  });

  test("in a call that the edge forwards", async () => {
    const made = await call(other, pbx, { uri: `sip:+14155552222@${edgeAt.address}` }, edgeAt);
    const sent = within(other, made.dialog, "REFER", refer("<sip:2003@10.0.4.1>"));
    expect(statusOf(await other.ask(sent, 3000, edgeAt))).toBe(405);
    await hangUp(other, made.dialog);
  });

  test("outside of a call", async () => {
    const sent = pbx.make({
      method: "REFER",
      uri: `sip:${number}@${edgeAt.address}`,
      ...refer("<sip:2003@a>"),
    });
    expect(statusOf(await pbx.ask(sent, 3000, edgeAt))).toBe(405);
  });

  test.each([
    ["another event", "Event: presence", "SIP/2.0 200 OK", 489],
    ["a body that is no status", "Event: refer", "INVITE sip:a@b SIP/2.0", 415],
  ])("a NOTIFY with %s", async (_, event, body, code) => {
    const made = await callIn();
    const sent = within(pbx, made.dialog, "NOTIFY", {
      headers: [event, "Subscription-State: active"],
      body,
      contentType: "message/sipfrag",
    });
    expect(statusOf(await pbx.ask(sent, 3000, edgeAt))).toBe(code);
    await hangUp(pbx, made.dialog);
  });
});
