/** Calls to a carrier that come faster than its calls per second wait for their turn, and no process waits with them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts, refuses } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { challenges } from "./kit/challenges.ts";
import { headerLines, sdp, statusOf, unique } from "./kit/message.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const [pbxAt, carrierAt, backupAt, agentAt] = [
  "203.0.113.10",
  "203.0.113.50",
  "203.0.113.51",
  "10.0.4.10",
] as const;
const perSecond = 3;
const password = "s3cret";
const realm = "provider.example.com";

interface Placed {
  readonly invite: string;
  readonly answer: string;
  readonly code: number;
  /** Until the final response. */
  readonly ms: number;
}

describe.each(["6.1", "6.0", "5.6"] as const)("engine line %s", (engine) => {
  let lab: Lab;
  let edge: Edge;
  let pbx: Server;
  let carrier: Server;
  let backup: Server;
  let agent: Server;
  beforeAll(async () => {
    lab = await openLab({
      addresses: [edgeAt.address, agentsSide.address, pbxAt, carrierAt, backupAt, agentAt],
    });
    const agents = { sarah: { uri: `sip:${agentAt}:5080` } };
    const to = (address: string) => ({ uri: `sip:${address}:5060`, allowed_destinations: ["+1"] });
    const auth = { username: "acme", password: { secret: "P" }, realm };
    const outbound = { calls_per_second: perSecond };
    edge = await startEdge(
      lab,
      {
        engine,
        network: {
          public_ip: edgeAt.address,
          carrier: { udp: 5060, tcp: false },
          agents: { address: agentsSide.address, udp: 5080, tcp: false },
          rtp: [30000, 30999],
        },
        outbound_routes: [{ match: { to_prefix: "+1212" }, via: ["acme", "backup"] }],
        trunks: [
          { crew_id: "acme", agents, limits: { outbound }, sip: { outbound: { ...to(carrierAt), auth } } },
          {
            crew_id: "both",
            agents,
            limits: { calls_per_second: perSecond },
            sip: { outbound: to(carrierAt) },
          },
          { crew_id: "backup", agents, sip: { outbound: to(backupAt) } },
          {
            crew_id: "pbx",
            agents,
            sip: {
              auth: { type: "ip_allowlist", allowed_ips: [pbxAt] },
              inbound_routes: [
                { match: { to_uri: "+14155551111" }, agent_id: "sarah" },
                {
                  match: { to_uri: "+14155552222" },
                  forward: { number: "+14155550177", via: "acme" },
                  on_failure: [{ refuse: { code: 486 } }],
                },
              ],
            },
          },
        ],
      },
      { passwords: [{ trunk: "acme", password }] },
    );
    pbx = await sipServer(lab, pbxAt, 5060, accepts());
    carrier = await sipServer(lab, carrierAt, 5060);
    backup = await sipServer(lab, backupAt, 5060, accepts());
    agent = await sipServer(lab, agentAt, 5080, accepts());
    carrier.answerWith(accepts());
  }, 600_000);
  afterAll(async () => {
    for (const party of [pbx, carrier, backup, agent]) await party?.close();
    await edge?.stop();
    await lab?.close();
  });
  beforeEach(() => carrier.answerWith(accepts()));

  /** The edge counts by seconds of the clock: what was counted before is over, and a whole second lies ahead. */
  async function newSecond(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1030 - (Date.now() % 1000)));
  }
  const make = (trunk?: string, o: { number?: string; body?: string } = {}): string =>
    agent.make({
      uri: `sip:${o.number ?? "+14155550123"}@${agentsSide.address}:5080`,
      callId: unique("out"),
      headers: trunk === undefined ? [] : [`X-Crew-Trunk: ${trunk}`],
      ...(o.body === undefined ? {} : { body: o.body }),
    });
  async function place(invite: string): Promise<Placed> {
    const began = Date.now();
    const answer = await agent.ask(invite, 8000, agentsSide);
    return { invite, answer, code: statusOf(answer), ms: Date.now() - began };
  }
  const burst = (n: number, trunk: string) =>
    Promise.all(Array.from({ length: n }, () => place(make(trunk))));
  async function end(calls: readonly { readonly invite: string; readonly answer: string }[]): Promise<void> {
    for (const { invite, answer } of calls) {
      const dialog = dialogOf(invite, answer);
      const before = carrier.requests("ACK").length;
      await agent.send(within(agent, dialog, "ACK"), agentsSide);
      await carrier.request("ACK", before);
      expect(statusOf(await agent.ask(within(agent, dialog, "BYE"), 3000, agentsSide))).toBe(200);
    }
  }
  /** As many calls as a second has room for, and what else is done in it: a busy machine may need more than one try. */
  async function overfull<T>(
    then: () => Promise<T>,
    within = (_: T): boolean => true,
  ): Promise<{ readonly up: readonly Placed[]; readonly got: T }> {
    for (;;) {
      await newSecond();
      const second = Math.floor(Date.now() / 1000);
      const up = await burst(perSecond, "acme");
      const began = Math.floor(Date.now() / 1000);
      const got = await then();
      if (began === second && within(got)) return { up, got };
      await end(up.filter((c) => c.code === 200));
    }
  }
  const waits = ({ ms }: Placed): boolean => ms > 300;
  const nothingCounts = async (): Promise<void> =>
    expect((await counters()).filter((n) => n !== 0)).toEqual([]);
  async function counters(): Promise<readonly number[]> {
    const socket = `unix:${edge.folder}/private/ctl.sock`;
    const { output } = await lab.exec(edge.runtime.command("kamcmd", ["-s", socket, "htable.dump", "count"]));
    return [...output.matchAll(/name: (?!-)\S[\s\S]*?value: (-?\d+)/g)].map(([, n]) => Number(n));
  }

  // Before that its timer runs ahead: what waits is called at once.
  test("calls wait once Kamailio is a second old", async () => {
    const codes = async (): Promise<readonly number[]> => {
      await newSecond();
      const calls = await burst(perSecond + 1, "acme");
      await end(calls.filter((c) => c.code === 200));
      return calls.map((c) => c.code);
    };
    const all200 = Array.from({ length: perSecond + 1 }, () => 200);
    await expect.poll(codes, { timeout: 20_000, interval: 1 }).toEqual(all200);
  }, 30_000);

  test.each(["acme", "both"])(
    "what comes at once over '%s' goes out at the carrier's pace",
    async (trunk) => {
      await newSecond();
      const calls = await burst(2 * perSecond, trunk);
      expect(calls.map((c) => c.code)).toEqual(calls.map(() => 200));
      expect(calls.filter(waits).length).toBeGreaterThanOrEqual(perSecond);
      await end(calls);
      await nothingCounts();
    },
    20_000,
  );

  test("what is still too early after two waits is refused with a plain 503", async () => {
    await newSecond();
    const calls = await burst(8 * perSecond, "acme");
    const refused = calls.filter((c) => c.code === 503);
    expect(calls.filter((c) => c.code === 200).length).toBeGreaterThanOrEqual(2 * perSecond);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.flatMap((c) => headerValues(c.answer, "Retry-After"))).toEqual([]);
    const call = headerValues(refused[0]?.invite ?? "", "Call-ID")[0];
    await expect
      .poll(() => edge.records("refused").filter((r) => r.call === call), soon)
      .toMatchObject([{ trunk: "acme", code: 503, reason: "outbound.calls_per_second" }]);
    await end(calls.filter((c) => c.code === 200));
    await nothingCounts();
  }, 30_000);

  test("a call that waits is cancelled like any other, and no carrier hears of it", async () => {
    const { up, got } = await overfull(
      async () => {
        const before = carrier.requests("INVITE").length;
        const invite = make("acme");
        const done = place(invite);
        const callId = headerValues(invite, "Call-ID")[0] ?? "";
        await agent.peer.receive(2000, (d) => statusOf(d.text) === 100 && d.text.includes(callId));
        const early = carrier.requests("INVITE").length > before;
        const cancel = [
          invite.split("\r\n")[0]?.replace("INVITE", "CANCEL"),
          ...headerLines(invite).filter((l) => /^(via|from|to|call-id|max-forwards):/i.test(l)),
          ...["CSeq: 1 CANCEL", "Content-Length: 0", "", ""],
        ].join("\r\n");
        const cancelled = statusOf(await agent.ask(cancel, 3000, agentsSide));
        return { before, early, cancelled, code: (await done).code };
      },
      ({ early, code }) => !early && code !== 200,
    );
    expect(got).toMatchObject({ cancelled: 200, code: 487 });
    // The call after it takes the turn that it waited for.
    const next = await place(make("acme"));
    expect(next.code).toBe(200);
    expect(carrier.requests("INVITE")).toHaveLength(got.before + 1);
    await end([...up, next]);
    await nothingCounts();
  }, 30_000);

  // What depends on the line is what tm makes of a call that waits.
  if (engine !== "6.1") return;

  test("calls that wait keep none of the edge's processes", async () => {
    await newSecond();
    const waiting = burst(4 * perSecond, "acme");
    let answered = 0;
    for (let i = 0; i < 5; i++) {
      const invite = pbx.make({ uri: `sip:+14155551111@${edgeAt.address}`, callId: unique("in") });
      const began = Date.now();
      const answer = await pbx.ask(invite, 3000, edgeAt);
      expect(statusOf(answer)).toBe(200);
      if (Date.now() - began < 500) answered += 1;
      const dialog = dialogOf(invite, answer);
      const before = agent.requests("ACK").length;
      await pbx.send(within(pbx, dialog, "ACK"), edgeAt);
      await agent.request("ACK", before);
      expect(statusOf(await pbx.ask(within(pbx, dialog, "BYE"), 3000, edgeAt))).toBe(200);
    }
    expect(answered).toBeGreaterThan(0);
    await end((await waiting).filter((c) => c.code === 200));
  }, 20_000);

  test("the INVITE that comes again meanwhile is the same call", async () => {
    let before = 0;
    const { up, got } = await overfull(async () => {
      before = carrier.requests("INVITE").length;
      const invite = make("acme");
      const done = place(invite);
      for (let i = 0; i < 2; i++) await agent.send(invite, agentsSide);
      return done;
    }, waits);
    expect(got.code).toBe(200);
    expect(carrier.requests("INVITE")).toHaveLength(before + 1);
    await end([...up, got]);
  }, 30_000);

  test("a call that waited is challenged as ever", async () => {
    carrier.answerWith(challenges({ realm, users: { acme: password }, methods: ["INVITE"] }), accepts());
    const { up, got } = await overfull(() => place(make("acme")), waits);
    expect(got.code).toBe(200);
    expect(carrier.problems()).toEqual([]);
    await end([...up, got]);
  }, 30_000);

  test.each([
    ["486 Busy Here", 486],
    ["503 Service Unavailable", 503],
    ["302 Moved", 480],
  ] as const)(
    "the carrier's %s to a call that waited is %i, and frees its place",
    async (status, code) => {
      const { up, got } = await overfull(async () => {
        carrier.answerWith(refuses(status));
        const late = await place(make("acme"));
        carrier.answerWith(accepts());
        return late;
      }, waits);
      expect(got.code).toBe(code);
      await end(up);
      await nothingCounts();
    },
    30_000,
  );

  test("a call without an offer waits too", async () => {
    const { up, got } = await overfull(() => place(make("acme", { body: "" })), waits);
    expect(got.code).toBe(200);
    const dialog = dialogOf(got.invite, got.answer);
    await agent.send(within(agent, dialog, "ACK", { body: sdp(agentAt) }), agentsSide);
    expect(statusOf(await agent.ask(within(agent, dialog, "BYE"), 3000, agentsSide))).toBe(200);
    await end(up);
    expect(carrier.problems()).toEqual([]);
  }, 30_000);

  test("where there is another choice, nobody waits", async () => {
    let before = 0;
    const forward = async (): Promise<number> => {
      const invite = pbx.make({ uri: `sip:+14155552222@${edgeAt.address}`, callId: unique("in") });
      return statusOf(await pbx.ask(invite, 3000, edgeAt));
    };
    const { up, got } = await overfull(
      async () => {
        before = backup.requests("INVITE").length;
        const second = Math.floor(Date.now() / 1000);
        const other = await place(make(undefined, { number: "+12125550123" }));
        const forwarded = await forward();
        return { other, forwarded, inTime: Math.floor(Date.now() / 1000) === second };
      },
      ({ inTime }) => inTime,
    );
    expect([got.other.code, got.forwarded]).toEqual([200, 486]);
    expect(backup.requests("INVITE")).toHaveLength(before + 1);
    const dialog = dialogOf(got.other.invite, got.other.answer);
    await agent.send(within(agent, dialog, "ACK"), agentsSide);
    expect(statusOf(await agent.ask(within(agent, dialog, "BYE"), 3000, agentsSide))).toBe(200);
    await end(up);
  }, 30_000);
});
