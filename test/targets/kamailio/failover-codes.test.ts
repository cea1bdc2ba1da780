/** A trunk says after which answers the next agent is tried; another trunk of the edge keeps what is usual. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues } from "../../../src/phone/message.ts";
import { request, unique } from "../../e2e/kit/message.ts";
import { startEdge } from "../../lab/edge.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import { agentSide, answer, carrierSide, type Half, half, loopbackEdge, same } from "./calls.ts";

let lab: Lab;
let choosy: Half;
let usual: Half;
let first: Half;
let second: Half;

beforeAll(async () => {
  lab = await openLab();
  choosy = await half(lab, "127.0.0.2", 5070, carrierSide);
  usual = await half(lab, "127.0.0.6", 5070, carrierSide);
  first = await half(lab, "127.0.0.3", 5080, agentSide);
  second = await half(lab, "127.0.0.4", 5080, agentSide);
  const agents = { sarah: { uri: "sip:127.0.0.3:5080" }, marcus: { uri: "sip:127.0.0.4:5080" } };
  const route = { agent_id: "sarah", on_failure: [{ agent_id: "marcus" }] };
  const inbound_routes = [
    { match: { to_user: "main" }, ...route },
    { match: { to_user: "impatient" }, ...route, ring_timeout: 1 },
  ];
  const failover = { continue_on: [401, 486, 487, 603], stop_on: [408, 480, 503] };
  const edge = loopbackEdge({ agents }, { inbound_routes, failover }) as { trunks: object[] };
  const auth = { type: "ip_allowlist", allowed_ips: ["127.0.0.6"] };
  const trunks = [...edge.trunks, { crew_id: "usual", agents, sip: { auth, inbound_routes } }];
  await startEdge(lab, { ...edge, trunks });
});
afterAll(() => lab.close());

interface Placed {
  readonly callId: string;
  readonly sent: string;
  readonly got: string;
}

async function place(caller: Half, user = "main"): Promise<Placed> {
  const callId = unique("call");
  const sent = request({ at: caller.at, uri: `sip:${user}@${carrierSide.address}`, callId });
  await caller.send(sent);
  return { callId, sent, got: await first.next(callId, "INVITE") };
}

/** The second agent ends the call. */
async function goesOn(caller: Half, call: Placed): Promise<void> {
  const got = await second.next(call.callId, "INVITE", 6000);
  await second.send(answer(second, got, "404 Not Me"));
  expect(await caller.next(call.callId, 404)).toContain("404 Not Me");
}

async function stops(caller: Half, call: Placed, code: number): Promise<string> {
  const final = await caller.next(call.callId, code);
  await caller.send(same(call, "ACK", "agent"));
  expect(await second.quiet(call.callId, "INVITE", 300)).toBe(true);
  return final;
}

describe("the trunk's own codes", () => {
  test.each([401, 486, 487, 603, 500])("%i goes on", async (code) => {
    const call = await place(choosy);
    await first.send(answer(first, call.got, `${code} Trouble`));
    await goesOn(choosy, call);
  });

  test.each([408, 480, 404])("%i stops", async (code) => {
    const call = await place(choosy);
    await first.send(answer(first, call.got, `${code} Trouble`));
    expect(await stops(choosy, call, code)).toContain(`${code} Trouble`);
  });

  test("503 stops and becomes 500: the carrier must not leave the whole edge alone", async () => {
    const call = await place(choosy);
    await first.send(answer(first, call.got, "503 Trouble", ["Retry-After: 120"]));
    expect(headerValues(await stops(choosy, call, 500), "Retry-After")).toEqual([]);
  });

  test("silence goes on: it is no answer, though it counts as 408", async () => {
    await goesOn(choosy, await place(choosy));
  });

  test("ringing for too long goes on", async () => {
    const call = await place(choosy, "impatient");
    await first.send(answer(first, call.got, "180 Ringing"));
    const cancel = await first.next(call.callId, "CANCEL");
    await first.send(answer(first, cancel, "200 OK"));
    await first.send(answer(first, call.got, "487 Request Terminated"));
    await goesOn(choosy, call);
  });
});

describe("beside it, what is usual", () => {
  test.each([408, 480, 503])("%i goes on", async (code) => {
    const call = await place(usual);
    await first.send(answer(first, call.got, `${code} Trouble`));
    await goesOn(usual, call);
  });

  test.each([486, 487, 603])("%i stops", async (code) => {
    const call = await place(usual);
    await first.send(answer(first, call.got, `${code} Trouble`));
    await stops(usual, call, code);
  });
});
