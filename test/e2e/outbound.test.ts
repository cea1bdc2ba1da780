/** Calls from agents to carriers: who may dial, what the carrier sees, challenges, and requests within such calls. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts, refuses, ringsFor, silent } from "./kit/behaviours.ts";
import { type Change, type Dialog, dialogOf, hangUp, within } from "./kit/call.ts";
import { challenges } from "./kit/challenges.ts";
import { headerLines, methodOf, response, sdp, statusOf, unique } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const agentAt = "10.0.4.10";
const pbxAt = "203.0.113.10";
const providerAt = "203.0.113.50";
const backupAt = "203.0.113.51";

let lab: Lab;
let edge: Edge;
let agent: Party;
let stranger: Party;
let pbx: Party;
let provider: Server;
let backup: Server;

const auth = { username: "acme", password: { secret: "TRUNK_PASSWORD" } };

beforeAll(async () => {
  lab = await openLab({
    addresses: [edgeAt.address, agentsSide.address, agentAt, "10.0.4.99", pbxAt, providerAt, backupAt],
  });
  edge = await startEdge(
    lab,
    {
      network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "acme",
          country: "US",
          agents: { agent_sarah: { uri: `sip:${agentAt}:5080` } },
          sip: {
            outbound: {
              uri: [
                { uri: `sip:${providerAt}:5060`, priority: 1 },
                { uri: `sip:${backupAt}:5060`, priority: 2 },
              ],
              auth,
              caller_id: "+14155551234",
              caller_ids: ["+14155559999"],
              allowed_destinations: ["+1", "+49", "911", "116117"],
              denied_destinations: ["+1900"],
            },
            caller_id: { source: "pai" },
          },
        },
        {
          crew_id: "office",
          agents: { away: { uri: "sip:10.0.4.77:5080" } },
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [pbxAt] },
            inbound_routes: [
              { match: { to_uri: "+14155550001" }, forward: { number: "+14155550177", via: "acme" } },
              {
                match: { to_uri: "+14155550002" },
                agent_id: "away",
                on_failure: [{ forward: { number: "+14155550177", via: "acme" } }],
              },
              {
                match: { to_uri: "+14155550003" },
                forward: { number: "+19005550177", via: "acme" },
                on_failure: [{ refuse: { code: 486 } }],
              },
            ],
          },
        },
      ],
    },
    { passwords: [{ trunk: "acme", password: 's3cr:"$ru^et' }] },
  );
  agent = await party(lab, agentAt, 5080, agentsSide);
  stranger = await party(lab, "10.0.4.99", 5080, agentsSide);
  pbx = await party(lab, pbxAt, 5060, edgeAt);
  provider = await sipServer(lab, providerAt, 5060, accepts());
  backup = await sipServer(lab, backupAt, 5060, accepts());
});
afterAll(async () => {
  await provider?.close();
  await backup?.close();
  await edge?.stop();
  await lab?.close();
});
beforeEach(() => {
  provider.answerWith(accepts());
  backup.answerWith(accepts());
});

const dial = (number: string, more: object = {}) => ({
  uri: `sip:${number}@${agentsSide.address}:5080`,
  callId: unique("out"),
  from: "agent_sarah",
  ...more,
});
/** A call of the agent that must be answered, acknowledged. */
async function callOut(options: Change, ms = 4000): Promise<Dialog> {
  const invite = agent.make(options);
  const answer = await agent.ask(invite, ms);
  if (statusOf(answer) !== 200) throw new Error(`INVITE was answered ${answer.split("\r\n")[0]}`);
  const dialog = dialogOf(invite, answer);
  const acks = provider.requests("ACK").length + backup.requests("ACK").length;
  await agent.send(within(agent, dialog, "ACK"));
  await expect
    .poll(() => provider.requests("ACK").length + backup.requests("ACK").length)
    .toBeGreaterThan(acks);
  return dialog;
}
const lastInvite = (server: Server, callId: string): string =>
  server
    .requests("INVITE")
    .filter((t) => headerValues(t, "Call-ID")[0] === callId)
    .at(-1) ?? "";

describe("a call of an agent", () => {
  test("reaches the carrier as the trunk wants it, and names nothing of the agents' network", async () => {
    shows("document/outbound");
    const options = dial("+14155550123");
    const dialog = await callOut(options);
    const invite = lastInvite(provider, options.callId);
    expect(invite.split("\r\n")[0]).toBe(`INVITE sip:+14155550123@${providerAt}:5060;transport=udp SIP/2.0`);
    expect(headerValues(invite, "From")[0]).toMatch(/^<sip:\+14155551234@198\.51\.100\.7>;tag=/);
    expect(headerValues(invite, "To")[0]).toBe(`<sip:+14155550123@${providerAt}:5060>`);
    expect(headerValues(invite, "P-Asserted-Identity")).toEqual(["<sip:+14155551234@198.51.100.7>"]);
    expect(invite).not.toMatch(/10\.0\.4\.|agent_sarah|X-Crew/);
    expect(statusOf(await hangUp(agent, dialog))).toBe(200);
    const bye = await provider.request("BYE");
    expect(bye).not.toMatch(/10\.0\.4\./);
    expect(provider.problems()).toEqual([]);
  });

  test.each([
    ["+14155550123", "+14155550123"],
    ["14155550123", "+14155550123"],
    ["4155550123", "+14155550123"],
    ["011493012345", "+493012345"],
  ])("%s is %s", async (dialled, number) => {
    const options = dial(dialled);
    await hangUp(agent, await callOut(options));
    expect(lastInvite(provider, options.callId)).toMatch(new RegExp(`^INVITE sip:\\${number}@`));
  });

  test.each([
    ["911", "911"],
    ["9-1-1", "911"],
    ["116117", "116117"],
  ])("the short number %s goes out as %s", async (dialled, number) => {
    const options = dial(dialled);
    await hangUp(agent, await callOut(options));
    const invite = lastInvite(provider, options.callId);
    expect(invite).toMatch(new RegExp(`^INVITE sip:${number}@`));
    expect(headerValues(invite, "To")[0]).toBe(`<sip:${number}@${providerAt}:5060>`);
  });

  test.each(["112", "91", "9112", "1911"])(
    "the short number %s is refused, with a record",
    async (number) => {
      const before = provider.requests("INVITE").length;
      const options = dial(number);
      expect(await agent.ask(agent.make(options))).toMatch(/^SIP\/2\.0 403 Destination Not Allowed/);
      expect(provider.requests("INVITE")).toHaveLength(before);
      await expect
        .poll(() => edge.records("refused").find((r) => r.call === options.callId))
        .toMatchObject({ reason: "destination" });
    },
  );

  test.each([
    ["+19005550123", 403],
    ["+442012345678", 403],
    ["alice", 404],
  ])("%s is refused with %d", async (number, code) => {
    const before = provider.requests("INVITE").length;
    const options = dial(number);
    expect(statusOf(await agent.ask(agent.make(options)))).toBe(code);
    expect(provider.requests("INVITE")).toHaveLength(before);
  });

  test("a caller of the list is let through", async () => {
    const options = dial("+14155550123", { from: "+14155559999" });
    await hangUp(agent, await callOut(options));
    expect(headerValues(lastInvite(provider, options.callId), "From")[0]).toContain("+14155559999@");
  });

  test("a stranger on the agents' side gets no answer", async () => {
    await expect(stranger.ask(stranger.make(dial("+14155550123")), 400)).rejects.toThrow();
  });

  test("the agent may name its trunk, and no other", async () => {
    const good = dial("+14155550123", { headers: ["X-Crew-Trunk: acme"] });
    await hangUp(agent, await callOut(good));
    const bad = dial("+14155550123", { headers: ["X-Crew-Trunk: other"] });
    expect(statusOf(await agent.ask(agent.make(bad)))).toBe(403);
  });

  test("the carrier hangs up", async () => {
    const options = dial("+14155550123");
    const dialog = await callOut(options);
    await provider.request("ACK");
    const invite = lastInvite(provider, options.callId);
    const answered = provider.ask(provider.within(invite, "BYE"), 3000, edgeAt);
    const got = await agent.peer.receive(2000, (d) => methodOf(d.text) === "BYE");
    expect(got.text).not.toMatch(/203\.0\.113\./);
    expect(headerValues(got.text, "To")[0]).toContain(`tag=${dialog.fromTag}`);
    await agent.send(response(got.text, "200 OK"), got);
    expect(statusOf(await answered)).toBe(200);
  });
});

describe("a carrier that cannot", () => {
  test.each(["503 Service Unavailable", "480 Temporarily Unavailable", "500 Server Error"])(
    "%s: the next one has the call",
    async (status) => {
      shows("document/backup-trunk");
      provider.answerWith(refuses(status));
      const options = dial("+14155550123");
      await hangUp(agent, await callOut(options));
      expect(lastInvite(backup, options.callId)).toContain(`@${backupAt}:5060`);
    },
  );

  test("is silent: the next one has the call within seconds", async () => {
    shows("document/backup-trunk", "behaviour/08-silent-peer");
    provider.answerWith(silent);
    const options = dial("+14155550123");
    const started = Date.now();
    await hangUp(agent, await callOut(options, 9000));
    expect(Date.now() - started).toBeLessThan(8000);
    expect(lastInvite(backup, options.callId)).not.toBe("");
  });

  test.each([
    ["486 Busy Here", 486],
    ["404 Not Found", 404],
    ["603 Decline", 603],
    ["302 Moved", 480],
  ])("%s is an answer", async (status, code) => {
    const before = backup.requests("INVITE").length;
    provider.answerWith(refuses(status));
    expect(statusOf(await agent.ask(agent.make(dial("+14155550123"))))).toBe(code);
    expect(backup.requests("INVITE")).toHaveLength(before);
  });

  test("CANCEL while it rings reaches it", async () => {
    shows("behaviour/02-cancel");
    provider.answerWith(ringsFor(5000), accepts());
    const options = dial("+14155550123");
    const invite = agent.make(options);
    const answered = agent.ask(invite, 4000);
    await agent.peer.receive(2000, (d) => statusOf(d.text) === 180);
    const via = headerValues(invite, "Via")[0] ?? "";
    const cancel = agent.make({
      ...options,
      method: "CANCEL",
      instead: { Via: [`Via: ${via}`], From: headerLines(invite).filter((l) => l.startsWith("From")) },
    });
    expect(statusOf(await agent.ask(cancel))).toBe(200);
    expect(statusOf(await answered)).toBe(487);
    await provider.request("CANCEL");
  });
});

describe("a carrier that challenges", () => {
  const users = { acme: 's3cr:"$ru^et' };
  test.each([
    ["401 and MD5", { status: 401 as const, algorithms: ["MD5"] as const }],
    ["407 and MD5", { status: 407 as const, algorithms: ["MD5"] as const }],
    ["407 and SHA-256", { status: 407 as const, algorithms: ["SHA-256"] as const }],
    ["407, SHA-256 before MD5", { status: 407 as const, algorithms: ["SHA-256", "MD5"] as const }],
  ])("%s: gets our credentials, a higher CSeq, and an agent that knows nothing of it", async (_, how) => {
    shows("document/outbound", "behaviour/25-digest");
    provider.answerWith(
      challenges({ realm: "provider.example", users, ...how, methods: ["INVITE"] }),
      accepts(),
    );
    const before = provider.problems().length;
    const options = dial("+14155550123");
    const dialog = await callOut(options);
    const invites = provider
      .requests("INVITE")
      .filter((t) => headerValues(t, "Call-ID")[0] === options.callId);
    expect(invites.map((t) => headerValues(t, "CSeq")[0])).toEqual(["1 INVITE", "2 INVITE"]);
    expect(headerValues(dialog.answer, "CSeq")).toEqual(["1 INVITE"]);
    expect(headerLines(dialog.answer).filter((l) => /authenticate|authorization/i.test(l))).toEqual([]);
    expect(statusOf(await hangUp(agent, dialog))).toBe(200);
    const acks = provider.requests("ACK").filter((t) => headerValues(t, "Call-ID")[0] === options.callId);
    expect(acks.map((t) => headerValues(t, "CSeq")[0])).toContain("2 ACK");
    const byes = provider.requests("BYE").filter((t) => headerValues(t, "Call-ID")[0] === options.callId);
    expect(byes.map((t) => headerValues(t, "CSeq")[0])).toEqual(["9 BYE"]);
    expect(provider.problems().slice(before)).toEqual([]);
  });

  test("and challenges again and again: 503 to the agent, after one try", async () => {
    shows("behaviour/25-digest");
    provider.answerWith(challenges({ realm: "provider.example", users: {} }), accepts());
    const options = dial("+14155550123");
    const answer = await agent.ask(agent.make(options));
    expect(statusOf(answer)).toBe(503);
    expect(headerLines(answer).filter((l) => /authenticate/i.test(l))).toEqual([]);
    const invites = provider
      .requests("INVITE")
      .filter((t) => headerValues(t, "Call-ID")[0] === options.callId);
    expect(invites).toHaveLength(2);
  });

  test("a re-INVITE of either side keeps the carrier's CSeq right", async () => {
    shows("behaviour/25-digest");
    provider.answerWith(challenges({ realm: "provider.example", users, methods: ["INVITE"] }), accepts());
    const options = dial("+14155550123");
    const dialog = await callOut(options);
    provider.answerWith(accepts());
    const again = await agent.ask(within(agent, dialog, "INVITE", { cseq: 2, body: sdp(agentAt) }));
    expect([statusOf(again), headerValues(again, "CSeq")[0]]).toEqual([200, "2 INVITE"]);
    await agent.send(
      within(agent, { ...dialogOf(again, again), routes: dialog.routes, cseq: 2 }, "ACK", { cseq: 2 }),
    );
    const seen = provider.requests("INVITE").filter((t) => headerValues(t, "Call-ID")[0] === options.callId);
    expect(headerValues(seen.at(-1) ?? "", "CSeq")).toEqual(["9 INVITE"]);
    expect(statusOf(await agent.ask(within(agent, dialog, "BYE", { cseq: 3 })))).toBe(200);
    expect(provider.problems()).toEqual([]);
  });
});

describe("an inbound call that is forwarded", () => {
  const ring = (number: string, more: object = {}) => ({
    uri: `sip:${number}@${edgeAt.address}`,
    callId: unique("fwd"),
    ...more,
  });
  const place = async (options: { readonly callId: string }, ms = 6000): Promise<Dialog> => {
    const invite = pbx.make(options);
    const answer = await pbx.ask(invite, ms);
    expect(answer).toMatch(/^SIP\/2.0 200 /);
    const dialog = dialogOf(invite, answer);
    await pbx.send(within(pbx, dialog, "ACK"));
    return dialog;
  };

  test("goes to the number over the trunk, with Diversion; the caller hangs up", async () => {
    const options = ring("+14155550001");
    const dialog = await place(options);
    const invite = lastInvite(provider, options.callId);
    expect(invite).toMatch(/^INVITE sip:\+14155550177@/);
    expect(headerValues(invite, "Diversion")[0]).toMatch(/^<sip:\+14155550001@198\.51\.100\.7>/);
    expect(invite).not.toContain(pbxAt);
    expect(dialog.answer).not.toContain(providerAt);
    expect(statusOf(await pbx.ask(within(pbx, dialog, "BYE")))).toBe(200);
    const byes = provider.requests("BYE").filter((t) => headerValues(t, "Call-ID")[0] === options.callId);
    expect(byes).toHaveLength(1);
  });

  test("the number hangs up", async () => {
    const options = ring("+14155550001");
    await place(options);
    const answered = provider.ask(provider.within(lastInvite(provider, options.callId), "BYE"), 3000, edgeAt);
    const got = await pbx.peer.receive(2000, (d) => methodOf(d.text) === "BYE");
    expect(got.text).not.toContain(providerAt);
    await pbx.send(response(got.text, "200 OK"), got);
    expect(statusOf(await answered)).toBe(200);
  });

  test("answers a challenge on the way", async () => {
    provider.answerWith(
      challenges({ realm: "p.example", users: { acme: 's3cr:"$ru^et' }, methods: ["INVITE"] }),
      accepts(),
    );
    const options = ring("+14155550001");
    const dialog = await place(options);
    expect(statusOf(await pbx.ask(within(pbx, dialog, "BYE")))).toBe(200);
    const byes = provider.requests("BYE").filter((t) => headerValues(t, "Call-ID")[0] === options.callId);
    expect(byes.map((t) => headerValues(t, "CSeq")[0])).toEqual(["9 BYE"]);
  });

  test("after an agent that does not answer", async () => {
    const options = ring("+14155550002");
    const dialog = await place(options, 9000);
    expect(lastInvite(provider, options.callId)).toMatch(/^INVITE sip:\+14155550177@/);
    expect(statusOf(await pbx.ask(within(pbx, dialog, "BYE")))).toBe(200);
  });

  test("to a number that the trunk may not call: the next choice", async () => {
    expect(statusOf(await pbx.ask(pbx.make(ring("+14155550003"))))).toBe(486);
  });
});
