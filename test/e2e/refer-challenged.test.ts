/** A REFER that the side it goes to asks a password for: the edge has one for carriers in calls that agents place. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts, strictOrder } from "./kit/behaviours.ts";
import { type Dialog, dialogOf, hangUp, within } from "./kit/call.ts";
import { challenges } from "./kit/challenges.ts";
import { statusOf, unique } from "./kit/message.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const [carrierAt, agentAt] = ["203.0.113.50", "10.0.4.10"] as const;
const realm = "provider.example.com";
const password = "s3cret";

let lab: Lab;
let edge: Edge;
let carrier: Server;
let agent: Server;
beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, carrierAt, agentAt] });
  edge = await startEdge(
    lab,
    {
      network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "acme",
          agents: { sarah: { uri: `sip:${agentAt}:5080` } },
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [carrierAt] },
            inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "sarah" }],
            outbound: {
              uri: `sip:${carrierAt}`,
              auth: { username: "acme", password: { secret: "P" }, realm },
              allowed_destinations: ["+1"],
            },
            refer: "pass",
          },
        },
      ],
    },
    { passwords: [{ trunk: "acme", password }] },
  );
  carrier = await sipServer(lab, carrierAt, 5060);
  agent = await sipServer(lab, agentAt, 5080);
});
afterAll(async () => {
  for (const party of [carrier, agent]) await party?.close();
  await edge?.stop();
  await lab?.close();
});
beforeEach(() => {
  carrier.answerWith(strictOrder(), accepts());
  agent.answerWith(strictOrder(), accepts());
});

/** Of every request of a method. */
const asks = (methods: readonly string[], status: 401 | 407, users: Readonly<Record<string, string>>) =>
  [strictOrder(), challenges({ realm, users, methods, status }), accepts()] as const;

interface Call {
  readonly dialog: Dialog;
  /** As the callee got it. */
  readonly invite: string;
}
async function call(from: Server, to: Server): Promise<Call> {
  const [side, uri] =
    from === agent
      ? [agentsSide, `sip:+14155550123@${agentsSide.address}:5080`]
      : [edgeAt, `sip:+14155551111@${edgeAt.address}`];
  const invite = from.make({ callId: unique("call"), uri });
  const before = to.requests("ACK").length;
  const answer = await from.ask(invite, 5000, side);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await from.send(within(from, dialog, "ACK"), side);
  await to.request("ACK", before);
  return { dialog, invite: to.requests("INVITE").at(-1) ?? "" };
}
const refer = { headers: ["Refer-To: <sip:+14155550124@10.0.4.1>"] };
const idThere = ({ invite }: Call): string => headerValues(invite, "Call-ID")[0] ?? "";
const recorded = (event: string, made: Call) =>
  edge.records(event).filter((r) => r.call === made.dialog.callId || r.call === idThere(made));
const at = (server: Server, method: string, made: Call): readonly string[] =>
  server.requests(method).filter((r) => headerValues(r, "Call-ID")[0] === idThere(made));

describe("in a call of an agent", () => {
  test.each([401, 407] as const)(
    "the carrier's %s is answered, and the agent learns of its 202 alone",
    async (status) => {
      shows("behaviour/18-refer");
      carrier.answerWith(...asks(["REFER", "BYE"], status, { acme: password }));
      const made = await call(agent, carrier);
      const sent = within(agent, made.dialog, "REFER", refer);
      const answer = await agent.ask(sent, 3000, agentsSide);
      expect(statusOf(answer)).toBe(200);
      expect(headerValues(answer, "CSeq")).toEqual(["2 REFER"]);
      const got = at(carrier, "REFER", made);
      expect(got).toHaveLength(2);
      expect(got.map((r) => headerValues(r, "Refer-To"))).toEqual([
        [`<sip:+14155550124@${carrierAt}:5060>`],
        [`<sip:+14155550124@${carrierAt}:5060>`],
      ]);
      expect(carrier.problems()).toEqual([]);
      await expect
        .poll(() => recorded("transfer", made), soon)
        .toMatchObject([{ trunk: "acme", to: "+14155550124", code: 200 }]);
      expect(
        statusOf(await agent.ask(within(agent, made.dialog, "BYE", { cseq: 3 }), 3000, agentsSide)),
      ).toBe(200);
      expect(carrier.problems()).toEqual([]);
    },
  );

  test("a password that the carrier refuses: 503, no challenge, and the call goes on", async () => {
    shows("behaviour/18-refer");
    carrier.answerWith(...asks(["REFER"], 401, {}));
    const made = await call(agent, carrier);
    const answer = await agent.ask(within(agent, made.dialog, "REFER", refer), 3000, agentsSide);
    expect(statusOf(answer)).toBe(503);
    expect(headerValues(answer, "WWW-Authenticate")).toEqual([]);
    expect(at(carrier, "REFER", made)).toHaveLength(2);
    await expect
      .poll(() => recorded("transfer", made), soon)
      .toMatchObject([{ trunk: "acme", to: "+14155550124", code: 401 }]);
    expect(statusOf(await agent.ask(within(agent, made.dialog, "BYE", { cseq: 3 }), 3000, agentsSide))).toBe(
      200,
    );
  });

  test("the NOTIFY of an agent that was transferred is challenged too", async () => {
    carrier.answerWith(...asks(["NOTIFY"], 407, { acme: password }));
    const made = await call(agent, carrier);
    const sent = carrier.within(made.invite, "REFER", {
      headers: [`Refer-To: <sip:+14155550124@${edgeAt.address}>`],
    });
    expect(statusOf(await carrier.ask(sent, 3000, edgeAt))).toBe(200);
    const notify = within(agent, made.dialog, "NOTIFY", {
      headers: ["Event: refer", "Subscription-State: terminated;reason=noresource"],
      body: "SIP/2.0 200 OK\r\n",
      contentType: "message/sipfrag",
    });
    expect(statusOf(await agent.ask(notify, 3000, agentsSide))).toBe(200);
    expect(at(carrier, "NOTIFY", made)).toHaveLength(2);
    expect(carrier.problems()).toEqual([]);
    await expect.poll(() => recorded("transferred", made), soon).toMatchObject([{ code: 200 }]);
  });
});

describe.each([401, 407] as const)(
  "a %s that the edge has no password for is 500, and no challenge",
  (status) => {
    test("of the carrier, in a call to an agent", async () => {
      shows("behaviour/18-refer");
      const made = await call(carrier, agent);
      carrier.answerWith(...asks(["REFER"], status, { acme: password }));
      const answer = await agent.ask(agent.within(made.invite, "REFER", refer), 3000, agentsSide);
      expect(statusOf(answer)).toBe(500);
      expect([
        ...headerValues(answer, "WWW-Authenticate"),
        ...headerValues(answer, "Proxy-Authenticate"),
      ]).toEqual([]);
      const [got = "", ...more] = carrier.requests("REFER").filter((r) => r.includes(made.dialog.callId));
      expect(headerValues(got, "Authorization")).toEqual([]);
      expect(more).toEqual([]);
      await expect
        .poll(() => recorded("transfer", made), soon)
        .toMatchObject([{ trunk: "acme", code: status }]);
      await hangUp(carrier, made.dialog).catch(() => undefined);
    });

    test("of the agent that the carrier transfers", async () => {
      const made = await call(carrier, agent);
      agent.answerWith(...asks(["REFER"], status, { acme: password }));
      const answer = await carrier.ask(within(carrier, made.dialog, "REFER", refer), 3000, edgeAt);
      expect(statusOf(answer)).toBe(500);
      expect([
        ...headerValues(answer, "WWW-Authenticate"),
        ...headerValues(answer, "Proxy-Authenticate"),
      ]).toEqual([]);
      expect(at(agent, "REFER", made)).toHaveLength(1);
      await expect
        .poll(() => recorded("transfer", made), soon)
        .toMatchObject([{ trunk: "acme", code: status }]);
    });
  },
);
