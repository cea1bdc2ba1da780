/** Session timers (RFC 4028) as the edge sees to them, message by message: what each side is told and what goes back. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts, sessionTimer, strictOrder } from "./kit/behaviours.ts";
import { type Change, type Dialog, dialogOf, hangUp, within } from "./kit/call.ts";
import { challenges } from "./kit/challenges.ts";
import { sdp, statusOf, unique } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const carrierAt = "203.0.113.10";
const untimedAt = "203.0.113.20";
const providerAt = "203.0.113.50";
const callingAt = "10.0.4.10";
const calledAt = "10.0.4.11";

let lab: Lab;
let edge: Edge;
/** Trunk `acme`: 1800 seconds, at least 120. Trunk `untimed` has no session timer. */
let carrier: Party;
let untimed: Party;
/** An agent that calls `provider`, and one that is called. */
let calling: Party;
let called: Server;
let provider: Server;

beforeAll(async () => {
  lab = await openLab({
    addresses: [edgeAt.address, agentsSide.address, carrierAt, untimedAt, providerAt, callingAt, calledAt],
  });
  const agents = { calling: { uri: `sip:${callingAt}:5080` }, called: { uri: `sip:${calledAt}:5080` } };
  const inbound_routes = [{ match: { to_uri: "+14155551111" }, agent_id: "called" }];
  const outbound = {
    uri: `sip:${providerAt}:5060`,
    auth: { username: "acme", password: { secret: "P" } },
    allowed_destinations: ["+1"],
  };
  edge = await startEdge(
    lab,
    {
      network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "acme",
          agents,
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [carrierAt] },
            inbound_routes,
            session_timer: { min: 120 },
          },
        },
        {
          crew_id: "untimed",
          agents,
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [untimedAt] },
            inbound_routes,
            session_timer: false,
          },
        },
        { crew_id: "provider", agents, sip: { outbound, session_timer: { expires: 600 } } },
      ],
    },
    { passwords: [{ trunk: "provider", password: "secret" }] },
  );
  carrier = await party(lab, carrierAt, 5060, edgeAt);
  untimed = await party(lab, untimedAt, 5060, edgeAt);
  calling = await party(lab, callingAt, 5080, agentsSide);
  called = await sipServer(lab, calledAt, 5080);
  provider = await sipServer(lab, providerAt, 5060);
});
afterAll(async () => {
  await called?.close();
  await provider?.close();
  await lab?.close();
});
beforeEach(() => {
  called.answerWith(accepts());
  provider.answerWith(accepts());
});

/** What a message says of session timers. */
const timers = (text: string): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    ["Session-Expires", "x", "Min-SE", "Require"]
      .map((name) => [name, headerValues(text, name)] as const)
      .filter(([, values]) => values.length > 0),
  );
const timed = "Supported: timer";
const uri = `sip:+14155551111@${edgeAt.address}`;
const outside = `sip:+14155550123@${agentsSide.address}:5080`;
const of = (server: Server, method: string, callId: string): readonly string[] =>
  server.requests(method).filter((t) => headerValues(t, "Call-ID")[0] === callId);

interface Asked {
  readonly invite: string;
  readonly answer: string;
  /** What reached the callee. */
  readonly got: readonly string[];
}

/** An INVITE with these headers, and its final answer. */
async function ask(from: Party, to: Server, headers: readonly string[]): Promise<Asked> {
  const callId = unique("timer");
  const invite = from.make({ uri: to === provider ? outside : uri, callId, headers });
  const answer = await from.ask(invite, 4000);
  return { invite, answer, got: of(to, "INVITE", callId) };
}

/** The same where it must be answered: acknowledged and ended, and what both sides were told. */
async function calls(from: Party, to: Server, headers: readonly string[]) {
  const { invite, answer, got } = await ask(from, to, headers);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await from.send(within(from, dialog, "ACK"));
  await expect.poll(() => of(to, "ACK", dialog.callId).length, soon).toBeGreaterThan(0);
  expect(statusOf(await hangUp(from, dialog))).toBe(200);
  return { callee: timers(got.at(-1) ?? ""), caller: timers(answer), invites: got };
}

describe("an INVITE without Session-Expires", () => {
  test("gets the trunk's; where neither side can refresh, nothing more is said", async () => {
    expect(await calls(carrier, called, [])).toMatchObject({
      callee: { "Session-Expires": ["1800"] },
      caller: {},
    });
    expect(await calls(calling, provider, [])).toMatchObject({
      callee: { "Session-Expires": ["600"] },
      caller: {},
    });
  });

  test("a caller who can refresh does so where the callee cannot", async () => {
    shows("behaviour/17-session-timers");
    expect((await calls(carrier, called, [timed])).caller).toEqual({
      "Session-Expires": ["1800;refresher=uac"],
      Require: ["timer"],
    });
    expect((await calls(calling, provider, ["k: 100rel, Timer, replaces"])).caller).toEqual({
      "Session-Expires": ["600;refresher=uac"],
      Require: ["timer"],
    });
  });

  test("a callee who can refresh does so where the caller cannot", async () => {
    shows("behaviour/17-session-timers");
    called.answerWith(sessionTimer({ minSe: 90 }), accepts());
    expect((await calls(carrier, called, [])).caller).toEqual({ "Session-Expires": ["1800;refresher=uas"] });
  });

  test("gets no less than the caller's Min-SE", async () => {
    expect((await calls(carrier, called, [timed, "Min-SE: 3600"])).callee).toEqual({
      "Session-Expires": ["3600"],
      "Min-SE": ["3600"],
    });
  });

  test("is left alone on a trunk without session timer", async () => {
    expect(await calls(untimed, called, [timed])).toMatchObject({ callee: {}, caller: {} });
  });
});

describe("a caller's own Session-Expires", () => {
  test.each(["Session-Expires: 300;refresher=uac", "x: 300;refresher=uac"])("%s passes", async (line) => {
    const { callee, caller } = await calls(carrier, called, [timed, "Min-SE: 120", line]);
    const [name = "", value = ""] = line.split(": ");
    expect(callee).toEqual({ [name]: [value], "Min-SE": ["120"] });
    expect(caller).toEqual({ "Session-Expires": ["300;refresher=uac"], Require: ["timer"] });
  });

  test.each(["Session-Expires: 90", "x:90;refresher=uas"])(
    "%s is refused with 422 and our Min-SE, and reaches nobody",
    async (line) => {
      shows("behaviour/17-session-timers");
      const { answer, got } = await ask(carrier, called, [timed, line]);
      expect([statusOf(answer), timers(answer)]).toEqual([422, { "Min-SE": ["120"] }]);
      expect(got).toEqual([]);
      await expect
        .poll(() => edge.records("refused").at(-1), soon)
        .toMatchObject({ trunk: "acme", code: 422, reason: "session_interval" });
    },
  );

  test("is made longer where the caller would not understand 422", async () => {
    expect((await calls(carrier, called, ["Session-Expires: 30"])).callee).toEqual({
      "Session-Expires": ["120"],
      "Min-SE": ["120"],
    });
    expect((await calls(carrier, called, ["x: 30", "Min-SE: 200"])).callee).toEqual({
      "Session-Expires": ["200"],
      "Min-SE": ["200"],
    });
  });

  test("an agent's is judged by the trunk that it calls over", async () => {
    const { answer, got } = await ask(calling, provider, [timed, "Session-Expires: 60"]);
    expect([statusOf(answer), timers(answer)]).toEqual([422, { "Min-SE": ["90"] }]);
    expect(got).toEqual([]);
    expect((await calls(calling, provider, [timed, "Session-Expires: 90"])).callee).toEqual({
      "Session-Expires": ["90"],
    });
  });

  test("passes on a trunk without session timer, however short", async () => {
    const { callee, caller } = await calls(untimed, called, [timed, "Session-Expires: 60"]);
    expect([callee, caller]).toEqual([{ "Session-Expires": ["60"] }, {}]);
  });

  test.each(["", "soon", "-5", "99999999999999999999", "300 ; refresher = uac"])(
    "'%s' does not break a call",
    async (value) => {
      const { answer } = await ask(carrier, called, [`Session-Expires: ${value}`]);
      expect([200, 400]).toContain(statusOf(answer));
    },
  );
});

describe("422 of a callee", () => {
  test("reaches a caller who understands it, and who then asks for longer", async () => {
    shows("behaviour/17-session-timers");
    called.answerWith(sessionTimer({ minSe: 2400 }), accepts());
    const { answer } = await ask(carrier, called, [timed]);
    expect([statusOf(answer), timers(answer)]).toEqual([422, { "Min-SE": ["2400"] }]);
    const again = [timed, "Session-Expires: 2400", "Min-SE: 2400"];
    expect((await calls(carrier, called, again)).caller["Session-Expires"]).toEqual(["2400;refresher=uac"]);
  });

  test("is taken up by the edge for an agent who would not: once, with a higher CSeq", async () => {
    provider.answerWith(
      strictOrder(),
      challenges({ realm: "provider.example", users: { acme: "secret" }, methods: ["INVITE", "BYE"] }),
      sessionTimer({ minSe: 2400 }),
      accepts(),
    );
    const { callee, invites } = await calls(calling, provider, []);
    expect(callee).toEqual({ "Session-Expires": ["2400"], "Min-SE": ["2400"] });
    expect(invites.map((t) => headerValues(t, "CSeq")[0])).toEqual([1, 2, 3, 4].map((n) => `${n} INVITE`));
    expect(provider.problems()).toEqual([]);
  });

  test("is not taken up twice", async () => {
    let asked = 0;
    provider.answerWith((turn) =>
      turn.method === "INVITE"
        ? [turn.reply("422 Session Interval Too Small", { headers: [`Min-SE: ${5000 + ++asked}`] })]
        : accepts()(turn, () => []),
    );
    const { answer, got } = await ask(calling, provider, []);
    expect([statusOf(answer), got.length]).toEqual([422, 2]);
  });
});

describe("a refresh", () => {
  async function up(from: Party, to: Server): Promise<Dialog> {
    const { invite, answer } = await ask(from, to, [timed]);
    const dialog = dialogOf(invite, answer);
    await from.send(within(from, dialog, "ACK"));
    await expect.poll(() => of(to, "ACK", dialog.callId).length, soon).toBe(1);
    return dialog;
  }
  const refresh = async (from: Party, d: Dialog, method: string, o: Change): Promise<string> => {
    const body = method === "INVITE" ? sdp(from.at.address) : "";
    const answer = await from.ask(within(from, d, method, { body, ...o }));
    if (method === "INVITE" && statusOf(answer) === 200)
      await from.send(
        within(from, { ...d, target: dialogOf(answer, answer).target }, "ACK", { cseq: o.cseq ?? 2 }),
      );
    return answer;
  };

  test.each(["UPDATE", "INVITE"])(
    "by %s passes, and the caller stays the one who refreshes",
    async (method) => {
      shows("behaviour/17-session-timers");
      const dialog = await up(carrier, called);
      const lines = [timed, "Session-Expires: 1800;refresher=uac"];
      const answer = await refresh(carrier, dialog, method, { cseq: 2, headers: lines });
      expect([statusOf(answer), timers(answer)]).toEqual([
        200,
        { "Session-Expires": ["1800;refresher=uac"], Require: ["timer"] },
      ]);
      expect(timers(of(called, method, dialog.callId).at(-1) ?? "")).toEqual({
        "Session-Expires": ["1800;refresher=uac"],
      });
      await hangUp(carrier, { ...dialog, cseq: 2 });
    },
  );

  test.each(["UPDATE", "INVITE"])(
    "by %s that is too short is refused with 422, and the call goes on",
    async (method) => {
      const dialog = await up(carrier, called);
      const answer = await refresh(carrier, dialog, method, {
        cseq: 2,
        headers: [timed, "Session-Expires: 90"],
      });
      expect([statusOf(answer), timers(answer)]).toEqual([422, { "Min-SE": ["120"] }]);
      expect(of(called, method, dialog.callId)).toHaveLength(method === "INVITE" ? 1 : 0);
      expect(statusOf(await hangUp(carrier, { ...dialog, cseq: 2 }))).toBe(200);
    },
  );

  test("of a callee is judged and answered alike", async () => {
    const dialog = await up(calling, provider);
    const invite = of(provider, "INVITE", dialog.callId).at(-1) ?? "";
    const short = provider.within(invite, "UPDATE", { headers: [timed, "Session-Expires: 60"] });
    const refused = await provider.ask(short, 3000, edgeAt);
    expect([statusOf(refused), timers(refused)]).toEqual([422, { "Min-SE": ["90"] }]);
    await hangUp(calling, dialog);
  });

  test("a re-INVITE without Session-Expires is left alone", async () => {
    const dialog = await up(carrier, called);
    expect(statusOf(await refresh(carrier, dialog, "INVITE", { cseq: 2 }))).toBe(200);
    expect(timers(of(called, "INVITE", dialog.callId).at(-1) ?? "")).toEqual({});
    await hangUp(carrier, { ...dialog, cseq: 2 });
  });
});
