/** SIPp as a provider that challenges, redirects, refuses or ignores what an agent asks within a call, whoever began it. */
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { headerValues, type Message, messagesOf } from "../../src/phone/message.ts";
import { sippAgent, sippCall } from "../../src/phone/sipp.ts";
import { shows } from "../acceptance/shows.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { relaySessions } from "./call-world.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogOf, within as ofCaller } from "./kit/call.ts";
import { sdp, statusOf, unique } from "./kit/message.ts";
import { type Server, sipServer } from "./kit/server.ts";
import { type Within, within } from "./kit/sipp-within.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const [providerAt, agentAt] = ["203.0.113.50", "10.0.4.10"] as const;
const realm = "provider.example.com";
const elsewhere = "192.0.2.1";

let lab: Lab;
let edge: Edge;
let agent: Server;
beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, agentAt] });
  edge = await startEdge(
    lab,
    {
      network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "acme",
          agents: { agent: { uri: `sip:${agentAt}:5080` } },
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [providerAt] },
            inbound_routes: [{ match: { to_uri: "+14155550001" }, agent_id: "agent" }],
            outbound: {
              uri: `sip:${providerAt}:5060`,
              auth: { username: "acme", password: { secret: "P" }, realm },
              allowed_destinations: ["+1"],
            },
          },
        },
      ],
    },
    { passwords: [{ trunk: "acme", password: "sEcret" }] },
  );
  agent = await sipServer(lab, agentAt, 5080, accepts());
});
afterAll(async () => {
  await agent?.close();
  await edge?.stop();
  await lab?.close();
});
beforeEach(() => agent.answerWith(accepts()));

/** The agent asks, once the call is up, and hangs up after a re-INVITE: the codes of the answers, and what the provider got. */
async function played(o: Within): Promise<{
  readonly answers: readonly string[];
  readonly got: readonly Message[];
  readonly errors: string;
}> {
  const launcher = await lab.host(providerAt);
  const name = unique("provider");
  const sipp = {
    launcher,
    tools: lab.tools,
    dir: join(lab.dir, "sipp"),
    name,
    address: providerAt,
    rtpPort: 16_000,
  };
  const acked = agent.requests("ACK").length;
  const ask = async (make: (method: string, n: number) => string): Promise<readonly string[]> => {
    const methods = o.method === "INVITE" ? ["INVITE", "BYE"] : ["BYE"];
    const answers: string[] = [];
    for (const [n, method] of methods.entries())
      answers.push(await agent.ask(make(method, n), 9000, agentsSide));
    return answers;
  };
  const body = (method: string) => (method === "INVITE" ? { body: sdp(agentAt, 18_200) } : {});
  if (o.calls !== undefined) {
    const remote = `${edgeAt.address}:${edgeAt.port}`;
    const calls = sippCall({ ...sipp, port: 5070, receiveMs: 15_000, remote }, within(o));
    await agent.request("ACK", acked, 8000);
    const invite = agent.requests("INVITE").at(-1) ?? "";
    const answers = await ask((method) => agent.within(invite, method, body(method)));
    const { messages, errors } = await calls;
    return { answers, got: messages, errors };
  }
  const provider = await sippAgent({ ...sipp, port: 5060 }, within(o));
  onTestFinished(() => provider.stop());
  const invite = agent.make({ uri: `sip:+14155550123@${agentsSide.address}:5080`, callId: unique("out") });
  const answer = await agent.ask(invite, 5000, agentsSide);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await agent.send(ofCaller(agent, dialog, "ACK"), agentsSide);
  await expect.poll(() => messagesOf(provider.messages(), "ACK").length, soon).toBe(1);
  const answers = await ask((method, n) => ofCaller(agent, dialog, method, { cseq: 2 + n, ...body(method) }));
  return { answers, got: provider.messages(), errors: provider.errors() };
}

const challenge = (of: string): string =>
  `WWW-Authenticate: Digest realm="${of}", nonce="4d1a7f", algorithm=MD5, qop="auth"`;
const again = (m: readonly Message[], method: string): readonly Message[] =>
  messagesOf(m, method).filter((x) => /;\s*tag=/.test(headerValues(x.text, "To")[0] ?? ""));

describe.each([
  ["it began", "+14155550001"],
  ["the agent began", undefined],
] as const)("in a call that %s", (_, calls) => {
  const own = calls === undefined;
  describe.each(["INVITE", "BYE"] as const)("a provider that", (method) => {
    test.each([
      [
        "asks for a password for ever",
        "401 Unauthorized",
        [challenge(realm)],
        own ? 503 : 500,
        own ? 2 : 1,
        own ? 1 : 0,
      ],
      ["has another realm", "401 Unauthorized", [challenge("elsewhere.example.com")], own ? 503 : 500, 1, 0],
      ["redirects", "302 Moved Temporarily", [`Contact: <sip:x@${elsewhere}>`], 500, 1, 0],
      // A proxy's 503 would speak of the proxy (RFC 3261 section 16.7, step 6).
      ["refuses for now", "503 Service Unavailable", ["Retry-After: 60"], 500, 1, 0],
      ["is silent", "silence", [], 408, 1, 0],
    ] as const)(
      `%s (${method})`,
      async (__, answer, headers, code, times, credentials) => {
        shows("behaviour/25-digest");
        const { answers, got, errors } = await played({
          ...(calls === undefined ? {} : { calls }),
          ...{ method, answer, headers, times },
        });
        expect(errors).toBe("");
        expect(answers.map(statusOf)).toEqual(method === "INVITE" ? [code, 200] : [code]);
        for (const text of answers)
          expect(text).not.toMatch(/192\.0\.2\.1|203\.0\.113\.|Authenticate|Retry-After/);
        const branches = new Set(again(got, method).map((m) => headerValues(m.text, "Via")[0]));
        expect(branches.size).toBe(times);
        const sent = got.flatMap((m) => headerValues(m.text, "Authorization"));
        expect(new Set(sent).size).toBe(credentials);
        await expect.poll(() => relaySessions(lab), soon).toEqual([]);
      },
      30_000,
    );
  });
});
