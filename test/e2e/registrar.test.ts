/** A PBX that registers at the edge: who may, for how long, where, and the calls that reach it there. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts, refuses, silent } from "./kit/behaviours.ts";
import { type Dialog, dialogOf, within } from "./kit/call.ts";
import { ha1Of } from "./kit/digest.ts";
import { statusOf, unique, uriOf } from "./kit/message.ts";
import { type Account, type Asked, register, registered } from "./kit/registering.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const agentAt = "10.0.4.10";
const providerAt = "203.0.113.50";
/** The public side of the PBX's NAT. */
const natAt = "192.0.2.77";
const otherNatAt = "192.0.2.78";

const realm = "crew";
const account = (username: string): Account => ({
  username,
  password: `secret of ${username}`,
  domain: edgeAt.address,
});
const office = account("office-7");
const closed = account("closed-7");
const spare = account("spare-7");

let lab: Lab;
let edge: Edge;
let agent: Server;
let provider: Server;
let pbx: Server;
let moved: Server;

beforeAll(async () => {
  lab = await openLab({
    addresses: [edgeAt.address, agentsSide.address, agentAt, providerAt, natAt, otherNatAt],
  });
  const agents = { agent_sarah: { uri: `sip:${agentAt}:5080` } };
  const trunk = (crew_id: string, { username }: Account, more: object = {}) => ({
    crew_id,
    agents,
    sip: {
      auth: { type: "digest", username, password: { secret: "P" }, ...more },
      inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "agent_sarah" }],
    },
  });
  edge = await startEdge(
    lab,
    {
      network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
      trunks: [
        trunk("office", office),
        trunk("closed", closed, { register: false }),
        trunk("spare", spare),
        {
          crew_id: "provider",
          agents,
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [providerAt] },
            inbound_routes: [
              {
                match: { to_user: "desk" },
                forward: { extension: "200", via: "office" },
                on_failure: [{ agent_id: "agent_sarah" }],
              },
              { match: { to_user: "nobody" }, forward: { extension: "200", via: "spare" } },
            ],
          },
        },
      ],
    },
    {
      digests: [
        { trunk: "office", account: office },
        { trunk: "closed", account: closed },
        { trunk: "spare", account: spare },
      ].map(({ trunk: id, account: a }) => ({
        trunk: id,
        username: a.username,
        realm,
        ha1: ha1Of(a.username, realm, a.password),
      })),
    },
  );
  agent = await sipServer(lab, agentAt, 5080, accepts());
  provider = await sipServer(lab, providerAt, 5060, accepts());
  pbx = await sipServer(lab, natAt, 41_000, accepts());
  moved = await sipServer(lab, otherNatAt, 42_000, accepts());
}, 120_000);
afterAll(async () => {
  for (const server of [agent, provider, pbx, moved]) await server?.close();
  await edge?.stop();
  await lab?.close();
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** As a PBX behind NAT names itself. */
const contact = "sip:office@192.168.1.10:5060;line=ab12";
const ask = async (o: Asked, from: Server = pbx, as = office): Promise<string> => {
  // The edge answers 20 requests of strangers a second.
  await sleep(120);
  return (await registered(from, edgeAt, as, o)).answer;
};
const contactsIn = (answer: string): readonly string[] => headerValues(answer, "Contact");
const forget = async (as = office): Promise<void> => {
  expect(statusOf(await ask({ contact: "*", expires: 0 }, pbx, as))).toBe(200);
};

/** A call over a trunk that the agent names. */
async function dial(user: string, trunk: string): Promise<{ status: number; dialog: Dialog }> {
  const invite = agent.make({
    uri: `sip:${user}@${agentsSide.address}:5080`,
    callId: unique("out"),
    from: "agent_sarah",
    headers: [`X-Crew-Trunk: ${trunk}`],
  });
  const answer = await agent.ask(invite, 6000, agentsSide);
  return { status: statusOf(answer), dialog: dialogOf(invite, answer) };
}
const hangUp = async (dialog: Dialog): Promise<number> => {
  await agent.send(within(agent, dialog, "ACK"), agentsSide);
  return statusOf(await agent.ask(within(agent, dialog, "BYE"), 3000, agentsSide));
};

test("is a method that those may use who may register", async () => {
  const allow = async (from: Server, to = edgeAt as { address: string; port: number }) => {
    const answer = await from.ask(
      from.make({ method: "OPTIONS", uri: `sip:${to.address}:${to.port}` }),
      3000,
      to,
    );
    expect(statusOf(answer)).toBe(200);
    expect(headerValues(answer, "Accept")).toEqual(["application/sdp"]);
    expect(headerValues(answer, "Supported")).toHaveLength(1);
    return headerValues(answer, "Allow")[0]?.split(", ");
  };
  expect(await allow(pbx)).toContain("REGISTER");
  for (const list of [await allow(provider), await allow(agent, agentsSide)]) {
    expect(list).toContain("INVITE");
    for (const method of ["REGISTER", "REFER", "NOTIFY"]) expect(list).not.toContain(method);
  }
});

describe("a REGISTER", () => {
  test("with the trunk's password is granted what it asks for, with its parameters, up to an hour", async () => {
    const answer = await ask({ contact: `"Office" <${contact}>;q=0.7;expires=120` });
    expect(statusOf(answer)).toBe(200);
    expect(contactsIn(answer)).toEqual([
      expect.stringMatching(/^<sip:office@192\.168\.1\.10:5060;line=ab12>;expires=1(20|19)$/),
    ]);
    expect(contactsIn(await ask({ contact: `<${contact}>`, expires: 7200 }))).toEqual([
      expect.stringMatching(/;expires=(3600|3599)$/),
    ]);
    await expect
      .poll(() => edge.records("contact"), soon)
      .toMatchObject([{ state: "registered", trunk: "office", source: natAt, seconds: 120 }]);
  });

  test("without Contact tells what there is and changes nothing", async () => {
    await ask({ contact: `<${contact}>`, expires: 300 });
    for (let i = 0; i < 2; i++) expect(contactsIn(await ask({}))).toHaveLength(1);
  });

  test("for too short a time is 423 with the least", async () => {
    for (const expires of [1, 59]) {
      const answer = await ask({ contact: `<${contact}>;expires=${expires}` });
      expect(statusOf(answer)).toBe(423);
      expect(headerValues(answer, "Min-Expires")).toEqual(["60"]);
    }
    expect(statusOf(await ask({ contact: `<${contact}>`, expires: 60 }))).toBe(200);
  });

  test("with expires 0 removes one contact, with * all", async () => {
    const second = "sip:office@192.168.1.11:5060";
    await ask({ contact: `<${contact}>`, expires: 300 });
    expect(contactsIn(await ask({ contact: `<${second}>`, expires: 300 }))).toHaveLength(2);
    const left = contactsIn(await ask({ contact: `<${contact}>;expires=0`, expires: 300 }));
    expect(left).toEqual([expect.stringContaining(second)]);
    expect(statusOf(await ask({ contact: "*", expires: 300 }))).toBe(400);
    expect(contactsIn(await ask({ contact: "*", expires: 0 }))).toEqual([]);
    await expect
      .poll(() => edge.records("contact").at(-1), soon)
      .toMatchObject({ state: "unregistered", trunk: "office" });
  });

  test("is kept for five contacts: the oldest makes room", async () => {
    for (let i = 1; i <= 7; i++) await ask({ contact: `<sip:office@192.168.1.${i}>`, expires: 300 });
    const now = contactsIn(await ask({}));
    expect(now.map((c) => /168\.1\.(\d)/.exec(c)?.[1])).toEqual(["7", "6", "5", "4", "3"]);
    await forget();
  });

  test("that a later one of its series overtook changes nothing", async () => {
    const callId = unique("series");
    expect(statusOf(await ask({ contact: `<${contact}>`, expires: 300, callId, cseq: 10 }))).toBe(200);
    expect(statusOf(await ask({ contact: `<${contact}>`, expires: 0, callId, cseq: 5 }))).toBe(500);
    expect(contactsIn(await ask({}))).toHaveLength(1);
    expect(contactsIn(await ask({ contact: `<${contact}>`, expires: 0, callId, cseq: 20 }))).toEqual([]);
  });

  test.each<[string, Asked, number]>([
    ["no SIP URI", { contact: "<tel:+14155551111>" }, 400],
    ["SIPS", { contact: "<sips:office@192.168.1.10>" }, 400],
    ["a field separator", { contact: "<sip:off^ice@192.168.1.10>" }, 400],
    ["two in one header", { contact: "<sip:a@192.168.1.10>, <sip:b@192.168.1.10>" }, 400],
    ["two headers", { contact: ["<sip:a@192.168.1.10>", "<sip:b@192.168.1.10>"] }, 400],
    ["more than it may be long", { contact: `<sip:${"a".repeat(200)}@192.168.1.10>` }, 400],
    ["a required extension", { contact: `<${contact}>`, headers: ["Require: outbound"] }, 420],
  ])("with %s is refused", async (_, asked, code) => {
    expect(statusOf(await ask({ expires: 300, ...asked }))).toBe(code);
    expect(contactsIn(await ask({}))).toEqual([]);
  });

  test("of another domain is refused", async () => {
    const elsewhere = { ...office, domain: "203.0.113.200" };
    expect(statusOf(await ask({ contact: `<${contact}>` }, pbx, elsewhere))).toBe(403);
  });
});

describe("nobody else registers:", () => {
  const nothing = async (): Promise<void> => {
    expect(contactsIn(await ask({}))).toEqual([]);
    expect(agent.requests("REGISTER")).toEqual([]);
  };

  test("without credentials, with a wrong password, with those of another trunk", async () => {
    const bare = await moved.ask(register(moved, office, { contact: `<${contact}>` }), 3000, edgeAt);
    expect(statusOf(bare)).toBe(401);
    expect(statusOf(await ask({ contact: `<${contact}>`, password: "guess" }, moved))).toBe(401);
    expect(statusOf(await ask({ contact: `<${contact}>`, expires: 300 }, moved, spare))).toBe(200);
    await nothing();
    await forget(spare);
  });

  test("with a digest that was used before, there or elsewhere", async () => {
    const first = await registered(pbx, edgeAt, office, { contact: `<${contact}>`, expires: 300 });
    expect(statusOf(first.answer)).toBe(200);
    await forget();
    for (const thief of [pbx, moved]) {
      const copy = register(thief, office, { contact: `<${contact}>`, expires: 300, headers: [first.line] });
      expect(statusOf(await thief.ask(copy, 3000, edgeAt))).toBe(401);
    }
    await nothing();
  });

  test("a trunk that may not, and a trunk that is known by its address", async () => {
    expect(statusOf(await ask({ contact: `<${contact}>` }, pbx, closed))).toBe(405);
    const asked = register(provider, office, { contact: `<${contact}>` });
    expect(statusOf(await provider.ask(asked, 3000, edgeAt))).toBe(405);
    await nothing();
  });
});

describe("a call to the PBX", () => {
  test("goes where it registered from, to the number as dialled, with the contact's parameters", async () => {
    await ask({ contact: `<${contact}>`, expires: 300 });
    const { status, dialog } = await dial("200", "office");
    expect(status).toBe(200);
    const invite = await pbx.request("INVITE");
    expect(uriOf(invite)).toBe("sip:200@192.168.1.10:5060;line=ab12");
    expect(headerValues(invite, "To")).toEqual(["<sip:200@192.168.1.10:5060>"]);
    expect(invite).not.toContain("X-Crew");
    expect(await hangUp(dialog)).toBe(200);
    await pbx.request("BYE");
    const { status: again, dialog: number } = await dial("+14155550123", "office");
    expect(again).toBe(200);
    const second = await pbx.request("INVITE", 1);
    expect(uriOf(second)).toContain("sip:+14155550123@");
    await agent.send(within(agent, number, "ACK"), agentsSide);
    await pbx.request("ACK", 1);
    expect(statusOf(await pbx.ask(pbx.within(second, "BYE"), 3000, edgeAt))).toBe(200);
    await agent.request("BYE");
  });

  test.each(["$ru", "$(ci)", "$$", "a;b=c", "a,b", "*21", "~!*'.-_()&=+/", "%22"])(
    "has the user as it was dialled: %s",
    async (user) => {
      const { status, dialog } = await dial(user, "office");
      expect(status).toBe(200);
      expect(uriOf(pbx.requests("INVITE").at(-1) ?? "")).toBe(`sip:${user}@192.168.1.10:5060;line=ab12`);
      expect(await hangUp(dialog)).toBe(200);
    },
  );

  test("reaches a PBX that was given another address at its new one", async () => {
    await ask({ contact: `<${contact}>`, expires: 300 });
    await ask({ contact: `<${contact}>`, expires: 300 }, moved);
    const before = pbx.requests("INVITE").length;
    const { status, dialog } = await dial("201", "office");
    expect(status).toBe(200);
    expect(uriOf(await moved.request("INVITE"))).toContain("sip:201@192.168.1.10");
    expect(pbx.requests("INVITE")).toHaveLength(before);
    expect(await hangUp(dialog)).toBe(200);
  });

  test("goes to the contact that registered last, and on to the others", async () => {
    await forget();
    await ask({ contact: "<sip:office@192.168.1.10>", expires: 300 }, pbx);
    await ask({ contact: "<sip:office@192.168.1.11>", expires: 300 }, moved);
    moved.answerWith(refuses("503 Service Unavailable"), accepts());
    const tried = moved.requests("INVITE").length;
    const { status, dialog } = await dial("202", "office");
    expect(status).toBe(200);
    expect(moved.requests("INVITE")).toHaveLength(tried + 1);
    expect(uriOf(pbx.requests("INVITE").at(-1) ?? "")).toBe("sip:202@192.168.1.10");
    expect(await hangUp(dialog)).toBe(200);
    moved.answerWith(accepts());
  });

  test("that nobody registered for is 480, and a route's next choice has it", async () => {
    await forget();
    expect((await dial("200", "office")).status).toBe(480);
    await expect.poll(() => edge.records("refused").at(-1), soon).toMatchObject({ reason: "not_registered" });
    const ring = (user: string) =>
      provider.ask(provider.make({ uri: `sip:${user}@${edgeAt.address}` }), 6000, edgeAt);
    expect(statusOf(await ring("nobody"))).toBe(480);
    const before = agent.requests("INVITE").length;
    expect(statusOf(await ring("desk"))).toBe(200);
    expect(agent.requests("INVITE")).toHaveLength(before + 1);
  });

  test("of a caller from outside is forwarded to the extension; where the PBX is silent the agent has it", async () => {
    await ask({ contact: `<${contact}>`, expires: 300 });
    const callId = unique("fwd");
    const invite = provider.make({ uri: `sip:desk@${edgeAt.address}`, callId });
    const answer = await provider.ask(invite, 6000, edgeAt);
    expect(statusOf(answer)).toBe(200);
    const arrived = pbx.requests("INVITE").at(-1) ?? "";
    expect(uriOf(arrived)).toBe("sip:200@192.168.1.10:5060;line=ab12");
    expect(headerValues(arrived, "Diversion")).toHaveLength(1);
    const dialog = dialogOf(invite, answer);
    await provider.send(within(provider, dialog, "ACK"), edgeAt);
    expect(statusOf(await provider.ask(within(provider, dialog, "BYE"), 3000, edgeAt))).toBe(200);
    pbx.answerWith(silent);
    const before = agent.requests("INVITE").length;
    const other = provider.make({ uri: `sip:desk@${edgeAt.address}`, callId: unique("fwd") });
    expect(statusOf(await provider.ask(other, 8000, edgeAt))).toBe(200);
    expect(agent.requests("INVITE")).toHaveLength(before + 1);
    pbx.answerWith(accepts());
  });

  test("from it is taken as a call of its trunk, challenged as any other", async () => {
    const invite = pbx.make({ uri: `sip:+14155551111@${edgeAt.address}` });
    expect(statusOf(await pbx.ask(invite, 3000, edgeAt))).toBe(407);
  });
});
