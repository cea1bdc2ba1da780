/** What crosses the edge: only what each side needs, in either direction, whatever the spelling. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { type Answer, accepts, refuses } from "./kit/agent.ts";
import { call, dialogOf, hangUp, within } from "./kit/call.ts";
import {
  bodyOf,
  headerLines,
  headerNames,
  methodOf,
  response,
  sdp,
  statusOf,
  unique,
} from "./kit/message.ts";
import { addresses, agentsSide, edgeAt, openWorld, type World } from "./kit/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.agent.answerWith(accepts);
  await world.settle(0);
});

/** Stands in every value that must not cross. */
const mark = "EVIL";

const banned = [
  "X-Crew-Agent",
  "X-Crew-Trunk",
  "X-Crew-Call-ID",
  "X-Crew-Var-customer_id",
  "X-Crew-Handover",
  "X-Crew-Proof",
  "X-Crew",
  "P-Asserted-Identity",
  "P-Preferred-Identity",
  "P-Asserted-Service",
  "P-Access-Network-Info",
  "P-Charging-Vector",
  "P-Charging-Function-Addresses",
  "P-Called-Party-ID",
  "P-Visited-Network-ID",
  "P-Associated-URI",
  "Remote-Party-ID",
  "Diversion",
  "History-Info",
  "Identity",
  "Identity-Info",
  "Privacy",
  "Authorization",
  "User-Agent",
  "Server",
  "Organization",
  "Subject",
  "Call-Info",
  "Alert-Info",
  "Error-Info",
  "Warning",
  "Date",
  "In-Reply-To",
  "Reply-To",
  "Priority",
  "Path",
  "Service-Route",
  "Referred-By",
  "Refer-To",
  "Replaces",
  "Join",
  "Target-Dialog",
  "Geolocation",
  "User-to-User",
  "Event",
  "Accept-Contact",
  "Reject-Contact",
  "Request-Disposition",
  "Answer-Mode",
  "X-Forwarded-For",
  "X-Anything",
  "Feature-Caps",
  "Session-ID",
];

const spellings: Readonly<Record<string, (name: string) => string>> = {
  plain: (n) => `${n}: ${mark}`,
  "a space before the colon": (n) => `${n} : ${mark}`,
  "a tab before the colon": (n) => `${n}\t: ${mark}`,
  "many blanks before the colon": (n) => `${n}  \t \t : ${mark}`,
  "small letters": (n) => `${n.toLowerCase()}: ${mark}`,
  capitals: (n) => `${n.toUpperCase()}:${mark}`,
  "mixed case": (n) =>
    `${[...n].map((c, i) => (i % 2 ? c.toUpperCase() : c.toLowerCase())).join("")}: ${mark}`,
  folded: (n) => `${n}:\r\n ${mark}\r\n\t${mark}`,
  "folded after a value": (n) => `${n}: a\r\n ${mark}`,
  "no space after the colon": (n) => `${n}:${mark}`,
  "blanks at the end": (n) => `${n}: ${mark} \t  `,
  twice: (n) => `${n}: ${mark}-1\r\n${n}: ${mark}-2`,
  quoted: (n) => `${n}: "${mark}\\"" <sip:${mark}@example.com;x="y">;p="q"`,
  long: (n) => `${n}: ${mark.repeat(1000)}`,
};

/** Headers that may reach an agent, in lower case. */
const towardsAgent = new Set(
  [
    "Via, Max-Forwards, From, To, Call-ID, CSeq, Contact, Record-Route, Content-Type, Content-Length, Supported, Require",
    "Allow, Accept, Session-Expires, Min-SE, RAck, RSeq, Reason, Content-Disposition, Content-Encoding, Content-Language",
    "MIME-Version, X-Crew-Agent, X-Crew-Trunk, X-Crew-Call-ID, P-Asserted-Identity",
  ]
    .join(", ")
    .toLowerCase()
    .split(", "),
);
const towardsCarrier = new Set([
  ...[...towardsAgent].filter((n) => !n.startsWith("x-crew") && n !== "p-asserted-identity"),
  "retry-after",
  "unsupported",
]);

function onlyOurs(invite: string, callId: string): void {
  expect(invite).not.toContain(mark);
  expect(headerNames(invite).filter((n) => !towardsAgent.has(n))).toEqual([]);
  expect(
    headerLines(invite)
      .filter((l) => /^x-crew/i.test(l))
      .toSorted(),
  ).toEqual(["X-Crew-Agent: agent_sarah", `X-Crew-Call-ID: ${callId}`, "X-Crew-Trunk: acme"]);
  expect(headerValues(invite, "P-Asserted-Identity")).toHaveLength(1);
}

describe("from outside to the agent", () => {
  test.each(Object.keys(spellings))("every header that no agent needs, %s: gone", async (name) => {
    shows("behaviour/28-trust");
    const { carrier, agent } = world;
    const spell = spellings[name] ?? String;
    // In parts: Kamailio reads no message above 32 kB from UDP.
    const size = name === "long" ? 6 : banned.length;
    for (let i = 0; i < banned.length; i += size) {
      const callId = unique("hdr");
      const headers = banned.slice(i, i + size).map(spell);
      const dialog = await call(carrier, { callId, headers });
      onlyOurs(await agent.request("INVITE", callId), callId);
      const text = within(carrier, dialog, "INFO", { headers });
      expect(statusOf(await carrier.ask(text))).toBe(200);
      const bye = within(carrier, dialog, "BYE", { cseq: 5, headers });
      expect(statusOf(await carrier.ask(bye))).toBe(200);
      for (const method of ["INFO", "BYE"]) {
        const got = await agent.request(method, callId);
        expect(got).not.toContain(mark);
        expect(headerLines(got).filter((l) => /^x-crew|identity/i.test(l))).toEqual([]);
      }
    }
  });

  test.each([
    ["compact forms", ["s", "y", "n", "b", "r", "o", "u", "d", "a", "j"].map((n) => `${n}: ${mark}`)],
    [
      "escaped names",
      [`X%2DCrew-Agent: ${mark}`, `X-Crew-Agent%20: ${mark}`, `P%2DAsserted-Identity: ${mark}`],
    ],
    [
      "names with odd characters",
      [`X-Crew-Agent!: ${mark}`, `X-Crew_Agent: ${mark}`, `X.Crew.Agent: ${mark}`],
    ],
    ["names that begin like ours", [`X-Crew-Agent2: ${mark}`, `XX-Crew-Agent: ${mark}`, `X-Crew-: ${mark}`]],
    [
      "names that begin like those that pass",
      [`Accepted: ${mark}`, `Allowance: ${mark}`, `Supported-By: ${mark}`],
    ],
    ["a name that ends like one", [`X-Allow: ${mark}`, `Not-Supported: ${mark}`]],
    ["the mark of the topology hiding", ["TH: dih"]],
    ["another mark of the topology hiding", [`TH: ${mark}`]],
    ["a very long name", [`X-${"a".repeat(4000)}: ${mark}`]],
    ["an empty value", ["X-Crew-Agent:", "P-Asserted-Identity:", "X-Empty: "]],
    ["only a fold as value", ["X-Crew-Agent:\r\n \r\n\t", `X-Crew-Trunk:\r\n\t\r\n ${mark}`]],
    ["a hundred of one kind", Array.from({ length: 100 }, (_, i) => `X-Crew-Agent: ${mark}-${i}`)],
    [
      "a value that looks like a header",
      [`X-A: b\r\n  X-Crew-Agent: ${mark}`, `X-B: \\r\\nX-Crew-Agent: ${mark}`],
    ],
    ["a lone line feed", [`X-A: b\nX-Crew-Agent: ${mark}\nP-Asserted-Identity: ${mark}`]],
    ["bytes above 127", [`X-Crew-Agent: ${mark}\u00e9\u4e2d`, `X-Cr\u00e9w-Agent: ${mark}`]],
  ])("%s: gone or refused", async (_, headers) => {
    const { carrier, agent } = world;
    const callId = unique("odd");
    const answer = await carrier.ask(carrier.make({ callId, headers })).catch(() => "");
    const { agent: seen } = await world.settle(40);
    expect(seen.join("\n")).not.toContain(mark);
    if (statusOf(answer) === 200) onlyOurs(seen.find((t) => methodOf(t) === "INVITE") ?? "", callId);
    else expect(seen).toEqual([]);
    expect(agent.heard).toEqual([]);
  });

  test("a lone carriage return ends no header", async () => {
    const { carrier } = world;
    await carrier.ask(carrier.make({ headers: [`X-A: b\rX-Crew-Agent: ${mark}`] }), 500).catch(() => "");
    expect((await world.settle(40)).agent.join("\n")).not.toContain(mark);
  });

  test("an anonymous caller stays so, and nobody vouches for it", async () => {
    const { carrier, agent } = world;
    const callId = unique("anon");
    const From = ['From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=t1'];
    await call(carrier, { callId, instead: { From } });
    const invite = await agent.request("INVITE", callId);
    expect(headerValues(invite, "From")).toEqual(['"Anonymous" <sip:anonymous@anonymous.invalid>;tag=t1']);
    expect(headerValues(invite, "P-Asserted-Identity")).toEqual([]);
  });

  test("the caller's identity is the number from From, and nothing else of it", async () => {
    const { carrier, agent } = world;
    const callId = unique("pai");
    const From = [
      `From: "${mark} \\" <sip:x@y>" <sip:+14155550123;${mark}=1@${addresses.carrier}>;tag=t1;${mark}=2`,
    ];
    await call(carrier, { callId, instead: { From } });
    const invite = await agent.request("INVITE", callId);
    expect(headerValues(invite, "P-Asserted-Identity").join()).toMatch(
      /^<sip:\+14155550123[^@<>"]*@198\.51\.100\.7>$/,
    );
  });

  test.each([
    "x>,<sip:admin",
    "a%0d%0aX-Crew-Agent%3a%20evil",
    "a%22%3b",
    "$ru",
    "$$",
    "%24avp(agent)",
    "a;b=c",
    "*",
  ])("a caller %s breaks out of no header", async (from) => {
    const { carrier } = world;
    const answer = await carrier.ask(carrier.make({ from, callId: "break-out" })).catch(() => "");
    const { agent } = await world.settle(40);
    for (const invite of agent.filter((t) => methodOf(t) === "INVITE")) {
      expect(headerValues(invite, "P-Asserted-Identity")).toHaveLength(1);
      expect(headerValues(invite, "P-Asserted-Identity")[0]).toMatch(/^<sip:[^<>\s"]*@198\.51\.100\.7>$/);
      expect(headerLines(invite).filter((l) => /^x-crew/i.test(l))).toHaveLength(3);
    }
    expect(statusOf(answer)).toBeGreaterThanOrEqual(0);
  });

  test("two bodies and a body that is no SDP do not reach the agent", async () => {
    const { carrier } = world;
    const body = [
      "--b",
      "Content-Type: application/sdp",
      "",
      sdp(addresses.carrier),
      "--b",
      "Content-Type: application/isup",
      "",
      mark,
      "--b--",
      "",
    ].join("\r\n");
    for (const [contentType, text] of [
      ["multipart/mixed;boundary=b", body],
      ["text/plain", mark],
      ["application/json", `{"x":"${mark}"}`],
    ] as const) {
      const answer = await carrier.ask(carrier.make({ contentType, body: text }));
      expect([contentType, statusOf(answer)]).toEqual([contentType, expect.toBeOneOf([200, 400, 415, 488])]);
      expect((await world.settle(40)).agent.join("\n")).not.toContain(mark);
    }
  });
});

describe("from the agent to the carrier", () => {
  const loud = [
    `Server: ${mark} 1.0`,
    `User-Agent: ${mark}`,
    `Warning: 399 10.0.4.10 "${mark}"`,
    `X-Crew-Agent: ${mark}`,
    `X-Internal : ${mark}`,
    `P-Asserted-Identity: <sip:${mark}@10.0.4.10>`,
    `p-charging-vector\t: icid-value=${mark}`,
    `Organization:\r\n ${mark}`,
    `Call-Info: <http://10.0.4.10/${mark}>`,
    `Error-Info: <sip:${mark}@10.0.4.10>`,
    `Reply-To: <sip:${mark}@10.0.4.10>`,
    `Proxy-Authenticate: Digest realm="${mark}", nonce="x"`,
    `WWW-Authenticate: Digest realm="${mark}", nonce="x"`,
    `Authentication-Info: nextnonce="${mark}"`,
    `Date: ${mark}`,
  ];
  const loudAnswer: Answer = (request, a) => {
    const contact = `sip:${mark}@${a.at.address}:${a.at.port}`;
    if (methodOf(request) === "ACK") return [];
    if (methodOf(request) !== "INVITE") return [response(request, "200 OK", { headers: loud })];
    return [
      response(request, "180 Ringing", { toTag: a.tag, contact, headers: loud }),
      response(request, "183 Session Progress", {
        toTag: a.tag,
        contact,
        headers: loud,
        body: sdp(a.at.address, 18000),
      }),
      response(request, "200 OK", { toTag: a.tag, contact, headers: loud, body: sdp(a.at.address, 18000) }),
    ];
  };

  test("responses carry nothing of the agent's but what a call needs", async () => {
    shows("behaviour/28-trust");
    const { carrier, agent } = world;
    agent.answerWith(loudAnswer);
    const from = carrier.mark();
    const dialog = await call(carrier);
    await carrier.ask(within(carrier, dialog, "OPTIONS", { cseq: 3 }));
    await carrier.ask(within(carrier, dialog, "BYE", { cseq: 4 }));
    const got = carrier.since(from);
    expect(got.map(statusOf)).toEqual([100, 180, 183, 200, 200, 200]);
    for (const text of got) {
      expect(text).not.toContain(mark);
      expect(headerNames(text).filter((n) => !towardsCarrier.has(n))).toEqual([]);
    }
  });

  test.each([
    "486 Busy Here",
    "603 Decline",
    "404 Not Found",
    "488 Not Acceptable Here",
    "600 Busy Everywhere",
  ])("%s likewise", async (status) => {
    const { carrier, agent } = world;
    agent.answerWith(refuses(status, loud));
    const answer = await carrier.ask(carrier.make());
    expect(answer).toMatch(new RegExp(`^SIP/2.0 ${status.slice(0, 3)} `));
    expect(answer).not.toContain(mark);
    expect(answer).not.toContain("10.0.4.");
    expect(headerNames(answer).filter((n) => !towardsCarrier.has(n))).toEqual([]);
  });

  test.each([
    ["302 Moved Temporarily", 480],
    ["305 Use Proxy", 480],
    ["401 Unauthorized", 502],
    ["407 Proxy Authentication Required", 502],
  ])("%s stays inside: %d", async (status, code) => {
    const { carrier, agent } = world;
    const headers = [...loud, `Contact: <sip:${mark}@${addresses.third}>`];
    agent.answerWith(refuses(status, headers));
    const answer = await carrier.ask(carrier.make());
    expect(statusOf(answer)).toBe(code);
    expect(answer).not.toContain(mark);
    expect(await world.settle(40)).toMatchObject({ third: [] });
  });
});

/** Everything of a complete call: early media, re-INVITE from both sides, UPDATE, INFO, BYE; then a cancelled and a refused one. */
async function completeCall(): Promise<{
  readonly toAgent: readonly string[];
  readonly toCarrier: readonly string[];
}> {
  const { carrier, agent } = world;
  const from = carrier.mark();
  agent.answerWith((request, a) => {
    const [final = ""] = accepts(request, a);
    if (methodOf(request) !== "INVITE") return final === "" ? [] : [final];
    const contact = `sip:agent@${a.at.address}:${a.at.port}`;
    return [
      response(request, "183 Session Progress", { toTag: a.tag, contact, body: sdp(a.at.address, 18000) }),
      final,
    ];
  });
  const callId = unique("whole");
  const invite = carrier.make({ callId });
  const answer = await carrier.ask(invite);
  const dialog = dialogOf(invite, answer);
  await carrier.send(within(carrier, dialog, "ACK"));
  const seen = await agent.request("INVITE", callId);
  await agent.request("ACK", callId);
  await carrier.ask(within(carrier, dialog, "INVITE", { cseq: 2 }));
  await carrier.send(within(carrier, dialog, "ACK", { cseq: 2 }));
  await carrier.ask(within(carrier, dialog, "UPDATE", { cseq: 3, body: sdp(addresses.carrier) }));
  await carrier.ask(within(carrier, dialog, "INFO", { cseq: 4 }));
  const value = (name: string): string => headerValues(seen, name)[0] ?? "";
  const ofAgent = (method: string, cseq: number): string =>
    agent.make({
      method,
      uri: /<([^>]*)>/.exec(value("Contact"))?.[1] ?? "",
      callId,
      cseq,
      headers: headerValues(seen, "Record-Route").map((r) => `Route: ${r}`),
      instead: { From: [`From: ${value("To")};tag=${agent.tag}`], To: [`To: ${value("From")}`] },
    });
  for (const [method, cseq] of [
    ["INVITE", 101],
    ["INFO", 102],
    ["BYE", 103],
  ] as const) {
    const answered = agent.ask(ofAgent(method, cseq));
    const got = await carrier.peer.receive(2000, (d) => methodOf(d.text) === method);
    const contact = `sip:+14155550100@${addresses.carrier}:5060`;
    await carrier.send(
      response(got.text, "200 OK", { contact, body: method === "INVITE" ? sdp(addresses.carrier) : "" }),
      got,
    );
    expect([method, statusOf(await answered)]).toEqual([method, 200]);
    if (method !== "INVITE") continue;
    await agent.send(ofAgent("ACK", cseq));
    await carrier.peer.receive(
      2000,
      (d) => methodOf(d.text) === "ACK" && d.text.includes(`CSeq: ${cseq} ACK`),
    );
  }
  const toCarrier = [...carrier.since(from)];
  const toAgent = agent.peer.received
    .map((d) => d.text)
    .filter((t) => headerValues(t, "Call-ID")[0] === callId);
  expect(toAgent.length).toBeGreaterThan(7);
  expect(toCarrier.length).toBeGreaterThan(8);
  return { toAgent, toCarrier };
}

test("the callee that the agent sees stays the same within the call, whatever To said", async () => {
  const { carrier, agent } = world;
  const callId = unique("callee");
  const dialog = await call(carrier, { callId, to: `<sip:0155@${addresses.carrier}>` });
  expect(statusOf(await carrier.ask(within(carrier, dialog, "INFO", { cseq: 2 })))).toBe(200);
  for (const method of ["INVITE", "INFO"])
    expect(headerValues(await agent.request(method, callId), "To")[0]).toMatch(
      /^<sip:\+14155551111@198\.51\.100\.7>/,
    );
  await hangUp(carrier, dialog);
});

describe("addresses", () => {
  test("no address of the agents' network is in anything that the carrier gets", async () => {
    shows("behaviour/27-hiding");
    const { toCarrier } = await completeCall();
    const leaks = toCarrier.flatMap((text) =>
      text.split("\r\n").filter((line) => line.includes("10.0.4.") || line.includes("agent_sarah")),
    );
    expect(leaks).toEqual([]);
  });

  test("no address of the carrier's network is in anything that the agent gets, but in From and To", async () => {
    shows("behaviour/27-hiding");
    const { toAgent } = await completeCall();
    const leaks = toAgent.flatMap((text) =>
      text.split("\r\n").filter((line) => line.includes("203.0.113.") && !/^(from|to):/i.test(line)),
    );
    expect(leaks).toEqual([]);
  });

  test("each side's SDP names the edge alone", async () => {
    const { toAgent, toCarrier } = await completeCall();
    const lines = (texts: readonly string[]): string[] =>
      texts.flatMap((t) =>
        bodyOf(t)
          .split("\r\n")
          .filter((l) => /^[oc]=/.test(l))
          .map((l) => l.split(" ").at(-1) ?? ""),
      );
    expect(new Set(lines(toAgent))).toEqual(new Set([agentsSide.address]));
    expect(new Set(lines(toCarrier))).toEqual(new Set([edgeAt.address]));
  });

  test("what else an SDP says of its maker does not cross", async () => {
    const { carrier, agent } = world;
    const spill = [
      "v=0",
      `o=${mark} 99 99 IN IP4 ${addresses.carrier}`,
      `s=${mark} call`,
      `i=${mark}`,
      `u=http://${addresses.carrier}/${mark}`,
      `e=${mark}@example.com`,
      `p=+1 ${mark}`,
      `c=IN IP4 ${addresses.carrier}`,
      "t=0 0",
      "m=audio 17000 RTP/AVP 0 8",
      `a=rtcp:17001 IN IP4 ${addresses.carrier}`,
      `a=candidate:1 1 UDP 2130706431 ${addresses.carrier} 17000 typ host`,
      "",
    ].join("\r\n");
    const callId = unique("sdp");
    const dialog = await call(carrier, { callId, body: spill });
    const offer = bodyOf(await agent.request("INVITE", callId));
    expect(offer).not.toContain(addresses.carrier);
    expect(offer.split("\r\n").filter((l) => /^[os]=/.test(l) && l.includes(mark))).toEqual([]);
    await hangUp(carrier, dialog);
  });
});
