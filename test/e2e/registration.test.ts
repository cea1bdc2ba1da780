/** Registrations at carriers: challenges, refreshes, refusals and silence, and the calls that arrive over them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { type Agent, agentSink } from "./kit/agent.ts";
import { accepts, forMethods, type Registrar, registrar, silent } from "./kit/behaviours.ts";
import { type Dialog, dialogAsCallee, dialogOf, within } from "./kit/call.ts";
import { challenges } from "./kit/challenges.ts";
import { statusOf, unique, uriOf } from "./kit/message.ts";
import { type Behaviour, type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const agentAt = "10.0.4.10";
const providerAt = "203.0.113.50";
const strictAt = "203.0.113.51";
const quietAt = "203.0.113.52";
const otherAt = "203.0.113.53";

const realm = "provider.example";
const users = { acme: "secret-1", "sales@desk": "secret-2" };
/** What an edge waits at most before it tries again, and some time for it. */
const patience = { timeout: 25_000, interval: 50 } as const;

let lab: Lab;
let edge: Edge;
let agent: Agent;
let provider: Server;
let strict: Server;
let quiet: Server;
let other: Server;
let kept: Registrar;
let quietKept: Registrar;

const trunk = (
  crew_id: string,
  at: string,
  username: string,
  agents: object,
  more: { register?: object | true; sip?: object } = {},
) => ({
  crew_id,
  country: "US",
  agents,
  sip: {
    outbound: {
      uri: `sip:${at}:5060`,
      register: more.register ?? true,
      auth: { username, password: { secret: `${crew_id.toUpperCase()}_PASSWORD` }, realm },
    },
    ...more.sip,
  },
});

beforeAll(async () => {
  lab = await openLab({
    addresses: [edgeAt.address, agentsSide.address, agentAt, providerAt, strictAt, quietAt, otherAt],
  });
  kept = registrar({ grants: 12 });
  quietKept = registrar();
  provider = await sipServer(lab, providerAt, 5060, challenges({ realm, users }), kept, accepts());
  const forbids: Behaviour = (turn) => [turn.reply("403 Forbidden")];
  strict = await sipServer(lab, strictAt, 5060, forMethods(["REGISTER"], forbids), accepts());
  quiet = await sipServer(lab, quietAt, 5060, silent);
  other = await sipServer(lab, otherAt, 5060, accepts());
  const agents = { agent_sarah: { uri: `sip:${agentAt}:5080` } };
  const routes = (to_uri: string) => ({ inbound_routes: [{ match: { to_uri }, agent_id: "agent_sarah" }] });
  edge = await startEdge(
    lab,
    {
      network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
      trunks: [
        trunk("acme", providerAt, "acme", agents, { sip: routes("+14155551111") }),
        trunk("sales", providerAt, "sales@desk", agents, {
          register: { contact_user: "desk-7", expires: 60 },
          sip: routes("+14155552222"),
        }),
        trunk("strict", strictAt, "acme", agents, { sip: routes("+14155553333") }),
        trunk("quiet", quietAt, "acme", agents, { sip: routes("+14155554444") }),
        {
          crew_id: "office",
          agents,
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [quietAt, otherAt] },
            inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }],
          },
        },
      ],
    },
    {
      passwords: [
        { trunk: "acme", password: users.acme },
        { trunk: "sales", password: users["sales@desk"] },
        { trunk: "strict", password: "x" },
        { trunk: "quiet", password: "x" },
      ],
    },
  );
  agent = await agentSink(lab, agentAt, 5080, agentsSide);
}, 60_000);
afterAll(async () => {
  for (const server of [provider, strict, quiet, other]) await server?.close();
  await agent?.close();
  await edge?.stop();
  await lab?.close();
});

const registers = (server: Server, user: string): readonly string[] =>
  server.requests("REGISTER").filter((r) => headerValues(r, "To")[0]?.includes(`sip:${user}@`));
const of = (trunkId: string, event: string) => edge.records(event).filter((r) => r.trunk === trunkId);

/** A call of a carrier to a Contact, for a number in To. */
async function ring(
  from: Server,
  user: string,
  number: string,
): Promise<{ status: number; dialog?: Dialog }> {
  const callId = unique("reg");
  const uri = `sip:${user}@${edgeAt.address}:5060`;
  const invite = from.make({ uri, to: `<sip:${number}@${realm}>`, callId });
  const answer = await from.ask(invite, 4000, edgeAt);
  if (statusOf(answer) !== 200) return { status: statusOf(answer) };
  const dialog = dialogOf(invite, answer);
  await from.send(within(from, dialog, "ACK"), edgeAt);
  await agent.request("ACK", callId);
  return { status: 200, dialog };
}
const trunkOf = async (dialog: Dialog | undefined): Promise<string | undefined> =>
  headerValues(await agent.request("INVITE", dialog?.callId ?? ""), "X-Crew-Trunk")[0];
const hangUp = async (from: Server, dialog: Dialog | undefined): Promise<number> =>
  dialog === undefined ? 0 : statusOf(await from.ask(within(from, dialog, "BYE"), 3000, edgeAt));

describe("a registrar that challenges", () => {
  test("is answered as RFC 7616 wants it, for each trunk's own account", async () => {
    await expect.poll(() => kept.contacts("acme"), patience).toEqual([`sip:acme@${edgeAt.address}:5060`]);
    await expect
      .poll(() => kept.contacts("sales%40desk"), patience)
      .toEqual([`sip:desk-7@${edgeAt.address}:5060`]);
    const [first = "", second = ""] = registers(provider, "acme");
    expect(uriOf(first)).toBe(`sip:${providerAt}:5060`);
    expect(headerValues(first, "Expires")).toEqual(["300"]);
    expect(headerValues(first, "From")[0]).toMatch(/^<sip:acme@203\.0\.113\.50>;tag=/);
    expect(headerValues(first, "To")).toEqual(["<sip:acme@203.0.113.50>"]);
    expect(headerValues(first, "Call-ID")).toEqual(headerValues(second, "Call-ID"));
    expect(headerValues(registers(provider, "sales%40desk")[0] ?? "", "Expires")).toEqual(["60"]);
    expect(registers(provider, "acme")[0]).not.toMatch(/10\.0\.4\./);
    await expect.poll(() => of("acme", "registered"), patience).toMatchObject([{ source: providerAt }]);
    expect(provider.problems()).toEqual([]);
  });

  test("is asked anew before the registration ends, in the same series", async () => {
    await expect.poll(() => registers(provider, "acme").length, patience).toBeGreaterThanOrEqual(4);
    const seen = registers(provider, "acme").slice(0, 4);
    expect(new Set(seen.map((r) => headerValues(r, "Call-ID")[0])).size).toBe(1);
    expect(seen.map((r) => headerValues(r, "CSeq")[0])).toEqual([1, 2, 3, 4].map((n) => `${n} REGISTER`));
    expect(kept.contacts("acme")).toHaveLength(1);
    expect(provider.problems()).toEqual([]);
    expect(of("acme", "registered")).toHaveLength(1);
  });
});

describe("a call over a registration", () => {
  test.each([
    ["acme", "+14155551111", "acme"],
    ["desk-7", "+14155552222", "sales"],
  ])("to %s for %s is one of trunk %s, from the first request to the last", async (user, number, name) => {
    const { status, dialog } = await ring(provider, user, number);
    expect(status).toBe(200);
    expect(await trunkOf(dialog)).toBe(name);
    expect(uriOf(await agent.request("INVITE", dialog?.callId ?? ""))).toContain(number);
    expect(await hangUp(provider, dialog)).toBe(200);
  });

  test("for a number of the other trunk at the same registrar finds no route", async () => {
    expect(await ring(provider, "acme", "+14155552222")).toEqual({ status: 404 });
    expect(await ring(provider, "desk-7", "+14155551111")).toEqual({ status: 404 });
  });

  test("is not one where the address or the user is another", async () => {
    // Of one trunk's list, and of another one's registrar.
    const { status, dialog } = await ring(quiet, "main", "+1");
    expect(status).toBe(200);
    expect(await trunkOf(dialog)).toBe("office");
    expect(await ring(other, "acme", "+14155551111")).toEqual({ status: 404 });
  });

  test("goes on from the agent's side too", async () => {
    const { dialog } = await ring(provider, "desk-7", "+14155552222");
    const invite = await agent.request("INVITE", dialog?.callId ?? "");
    const bye = within(agent, dialogAsCallee(invite, agent.tag), "BYE", {
      instead: { From: [`From: ${headerValues(invite, "To")[0]};tag=${agent.tag}`] },
    });
    expect(statusOf(await agent.ask(bye))).toBe(200);
    await expect
      .poll(() => provider.requests("BYE").some((b) => headerValues(b, "Call-ID")[0] === dialog?.callId))
      .toBe(true);
  });
});

describe("a registrar that does not register us", () => {
  test("refuses: asked again, each time later, and the others go on", async () => {
    await expect.poll(() => of("strict", "not_registered").length, patience).toBeGreaterThanOrEqual(2);
    const [first, second] = of("strict", "not_registered");
    expect(first).toMatchObject({ code: 403 });
    expect(Number(first?.again_in)).toBeGreaterThanOrEqual(8);
    expect(Number(second?.again_in)).toBeGreaterThanOrEqual(16);
    expect(strict.requests("REGISTER")).toHaveLength(2);
    expect(kept.contacts("acme")).toHaveLength(1);
  }, 40_000);

  test("is silent and comes back: registered", async () => {
    await expect.poll(() => of("quiet", "not_registered").length, patience).toBeGreaterThanOrEqual(1);
    expect(of("quiet", "not_registered")[0]).toMatchObject({ code: 408 });
    quiet.answerWith(quietKept, accepts());
    await expect
      .poll(() => quietKept.contacts("acme"), { timeout: 65_000, interval: 50 })
      .toEqual([`sip:quiet@${edgeAt.address}:5060`]);
    const { status, dialog } = await ring(quiet, "quiet", "+14155554444");
    expect(status).toBe(200);
    expect(await trunkOf(dialog)).toBe("quiet");
    expect(await hangUp(quiet, dialog)).toBe(200);
  }, 100_000);
});
