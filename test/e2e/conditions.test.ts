/** Patterns and headers of routes, in spellings that are seldom seen: the edge and `decide` against what is expected. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decide } from "../../src/simulate/decide.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { carrierSide, type Half, half, loopbackEdge } from "../targets/kamailio/calls.ts";
import { request, statusOf, unique } from "./kit/message.ts";

const patterns = {
  "p-digits": "[2-4][0-9]{3}",
  "p-plus": "[+]4[39][0-9]+",
  "p-alternatives": "(10|20|3.)x?",
  "p-star": "[*]21[*].+",
  "p-case": "Sales[a-z]*",
  "p-marks": "[_~!&=,/.-]+z",
  "p-pipe": "1[|]2|3[{]4[}]",
  "p-longest": "(a|ab)(c|bcd)(d)?",
} as const;

const header = (name: string, condition: object) => ({ to_user: "main", header: { name, ...condition } });
const routes: Readonly<Record<string, object>> = {
  ...Object.fromEntries(Object.entries(patterns).map(([name, to_pattern]) => [name, { to_pattern }])),
  equals: header("X-Equals", { equals: "a, b; c=1" }),
  contains: header("X-Contains", { contains: " vip " }),
  present: header("x-PRESENT", { present: true }),
  subject: header("Subject", { equals: "Order" }),
  supported: header("k", { contains: "timer" }),
  odd: header("X._+~-1", { equals: "$var(x) | %s {s.len} #!" }),
  both: {
    to_user: "main",
    header: [
      { name: "X-One", equals: "1" },
      { name: "X-Two", contains: "2" },
    ],
  },
};
const names = Object.keys(routes);

let lab: Lab;
let edge: Edge;
let caller: Half;
beforeAll(async () => {
  lab = await openLab();
  caller = await half(lab, "127.0.0.2", 5070, carrierSide);
  const inbound_routes = Object.values(routes).map((match, i) => ({ match, refuse: { code: 600 + i } }));
  edge = await startEdge(lab, loopbackEdge({}, { inbound_routes }), { relay: false });
});
afterAll(() => lab.close());

/** Name of the route that takes a call, as the edge and as `decide` have it. */
async function takes(user: string, headers: readonly string[] = []) {
  const callId = unique("call");
  const uri = `sip:${user}@${carrierSide.address}`;
  await caller.send(request({ at: caller.at, uri, callId, headers }));
  const { text } = await caller.peer.receive(4000, (d) => statusOf(d.text) >= 400 && d.text.includes(callId));
  const known = headers.map((line) => {
    const at = line.indexOf(":");
    return { name: line.slice(0, at).trim(), value: line.slice(at + 1) };
  });
  const { route } = decide(edge.model, { trunk: "acme", user, headers: known, time: 0 });
  return { edge: names[statusOf(text) - 600], decide: names[route?.index ?? -1] };
}

describe("the whole user must match", () => {
  test.each<[string, string | undefined]>([
    ["2003", "p-digits"],
    ["20033", undefined],
    ["12003", undefined],
    ["+4930", "p-plus"],
    ["49300", undefined],
    ["+41", undefined],
    ["10", "p-alternatives"],
    ["20x", "p-alternatives"],
    ["3?", "p-alternatives"],
    ["1020", undefined],
    ["*21*9", "p-star"],
    ["*21*", undefined],
    ["Salesdesk", "p-case"],
    ["salesdesk", undefined],
    ["SALES", undefined],
    ["-_.!~&=,/z", "p-marks"],
    ["-_.!~*&=,/z", undefined],
    // '|', '{' and '}' must be escaped in a user part, and stay so.
    ["1%7C2", undefined],
    ["abcd", "p-longest"],
    ["acd", "p-longest"],
    ["abcdd", "p-longest"],
    ["abccd", undefined],
    [`2003${"0".repeat(200)}`, undefined],
  ])("%s: %s", async (user, expected) => {
    expect(await takes(user)).toEqual({ edge: expected, decide: expected });
  });
});

describe("headers", () => {
  test.each<[readonly string[], string | undefined]>([
    [["X-Equals: a, b; c=1"], "equals"],
    [["x-eQUALS:a, b; c=1"], "equals"],
    [["X-Equals  :   a, b; c=1   "], "equals"],
    [["X-Equals: a,\r\n\t b;\r\n c=1"], "equals"],
    [["X-Equals:\r\n a, b; c=1"], "equals"],
    [["X-Equals: A, b; c=1"], undefined],
    [["X-Equals: a,  b; c=1"], undefined],
    [["X-Equals: other", "X-Equals: a, b; c=1"], "equals"],
    [["X-Equals2: a, b; c=1"], undefined],
    [["X-Contains: a vip b"], "contains"],
    [["X-Contains: a\r\n vip\r\n b"], "contains"],
    [["X-Contains: vip"], undefined],
    [["X-Contains:"], undefined],
    [["X-Present:"], "present"],
    [["X-Present: \t"], "present"],
    [["s: Order"], "subject"],
    [["S:Order"], "subject"],
    [["Subject: order"], undefined],
    [["Supported: 100rel, timer"], "supported"],
    [["K: timer"], "supported"],
    [["x._+~-1: $var(x) | %s {s.len} #!"], "odd"],
    [["X-One: 1"], undefined],
    [["X-Two: 12", "X-One: 1"], "both"],
    [["X-Two: 1", "X-Two: 2", "X-One: 0", "X-One: 1"], "both"],
  ])("%j: %s", async (headers, expected) => {
    expect(await takes("main", headers)).toEqual({ edge: expected, decide: expected });
  });
});
