/** Who an agent is told calls: the header that the trunk says, in every spelling, and nothing of who does not want to be known. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { soon } from "../lab/edge.ts";
import { leaks } from "../lab/leaks.ts";
import { accepts } from "./kit/agent.ts";
import { type Caller, call, dialogAsCallee, hangUp, within } from "./kit/call.ts";
import { headerLines, methodOf, response, statusOf, unique } from "./kit/message.ts";
import { party } from "./kit/party.ts";
import { addresses, agents, agentsSide, edgeAt, openWorld, toSarah, type World } from "./kit/world.ts";

const trunkAt = (crew_id: string, address: string, country: string | undefined, caller_id: object) => ({
  crew_id,
  agents,
  ...(country === undefined ? {} : { country }),
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: [address] },
    caller_id,
    inbound_routes: [
      { match: { to_uri: "+14155551111", caller: "+14155550199" }, refuse: { code: 603 } },
      toSarah("+14155551111"),
    ],
  },
});

const token = "0123456789abcdef0123456789abcdef";

let world: World;
let from: Readonly<Record<string, Caller>>;
beforeAll(async () => {
  world = await openWorld({
    trunk: trunkAt("acme", addresses.carrier, "US", { source: "pai", fallback: "rpid" }),
    trunks: [
      trunkAt("rpid", "192.0.2.101", undefined, { source: "rpid", fallback: "ppi" }),
      trunkAt("ppi", "192.0.2.102", "DE", { source: "ppi", fallback: "pai" }),
      trunkAt("plain", "192.0.2.103", "US", { source: "from" }),
    ],
    edge: { proof: { token, echoPort: 5099 } },
  });
  const [rpid, ppi, plain] = [await world.stranger(1), await world.stranger(2), await world.stranger(3)];
  from = { acme: world.carrier, rpid, ppi, plain };
});
afterAll(() => world.close());
beforeEach(async () => {
  world.agent.answerWith(accepts);
  await world.settle(0);
});

const here = "198.51.100.7";
const seen = (invite: string) => ({
  from: (headerValues(invite, "From")[0] ?? "").replace(/;tag=.*/, ""),
  pai: headerValues(invite, "P-Asserted-Identity"),
  privacy: headerValues(invite, "Privacy"),
});
const asserted = (user: string, name = "") => ({
  from: `${name === "" ? "" : `"${name}" `}<sip:${user}@${here}>`,
  pai: [`<sip:${user}@${here}>`],
  privacy: [],
});
const only = (user: string) => ({ ...asserted(user), pai: [] });
const anonymous = { from: '"Anonymous" <sip:anonymous@anonymous.invalid>', pai: [], privacy: ["id"] };

/** What an agent sees of a call with these headers. */
async function shown(trunk: string, headers: readonly string[], sender = "+14155550100", instead = {}) {
  const party = from[trunk] ?? world.carrier;
  const callId = unique("who");
  const dialog = await call(party, { callId, from: sender, headers, instead });
  const invite = await world.agent.request("INVITE", callId);
  expect(leaks([{ text: invite }], [party.at.address, "carrier.example"])).toEqual([]);
  await hangUp(party, dialog);
  return seen(invite);
}

const at = "carrier.example";
const pai = (value: string): string => `P-Asserted-Identity: ${value}`;
const rpid = (value: string): string => `Remote-Party-ID: ${value}`;
const ppi = (value: string): string => `P-Preferred-Identity: ${value}`;

describe("P-Asserted-Identity, then Remote-Party-ID", () => {
  test.each([
    ["a SIP URI", [pai(`<sip:+14155550111@${at}>`)], asserted("+14155550111")],
    ["without brackets", [pai(`sip:+14155550111@${at}`)], asserted("+14155550111")],
    [
      "without brackets, with a parameter",
      [pai(`sip:+14155550111@${at};user=phone`)],
      asserted("+14155550111"),
    ],
    ["user=phone", [pai(`<sip:+14155550111@${at};user=phone>`)], asserted("+14155550111")],
    ["a parameter in the user part", [pai(`<sip:+14155550111;npdi=yes@${at}>`)], asserted("+14155550111")],
    ["a port", [pai(`<sip:+14155550111@${at}:5070;transport=tcp>`)], asserted("+14155550111")],
    ["sips", [pai(`<sips:+14155550111@${at}>`)], asserted("+14155550111")],
    ["capitals in the scheme", [pai(`<SIP:+14155550111@${at}>`)], asserted("+14155550111")],
    ["an escaped plus", [pai(`<sip:%2B14155550111@${at}>`)], asserted("+14155550111")],
    ["small letters", [`p-asserted-identity: <sip:+14155550111@${at}>`], asserted("+14155550111")],
    [
      "blanks before the colon",
      [`P-Asserted-Identity \t: <sip:+14155550111@${at}>`],
      asserted("+14155550111"),
    ],
    [
      "folded",
      [`P-Asserted-Identity:\r\n "Ann"\r\n\t<sip:+14155550111@${at}>`],
      asserted("+14155550111", "Ann"),
    ],
    ["a name of two words", [pai(`Ann Lee <sip:+14155550111@${at}>`)], asserted("+14155550111", "Ann Lee")],
    ["a name in quotes", [pai(`"Ann, Lee" <sip:+14155550111@${at}>`)], asserted("+14155550111", "Ann, Lee")],
    [
      "quotes in a name",
      [pai(`"Ann \\"A\\" Lee" <sip:+14155550111@${at}>`)],
      asserted("+14155550111", "Ann A Lee"),
    ],
    ["a name in UTF-8", [pai(`"Ünal 中" <sip:+14155550111@${at}>`)], asserted("+14155550111", "Ünal 中")],
    ["tel", [pai("<tel:+14155550111>")], asserted("+14155550111")],
    ["tel without brackets", [pai("tel:+14155550111")], asserted("+14155550111")],
    ["tel with separators", [pai("<tel:+1-415-555-0111;ext=5>")], asserted("+14155550111")],
    ["a national number", [pai(`<sip:4155550111@${at}>`)], asserted("+14155550111")],
    ["a national number with its prefix", [pai(`<sip:14155550111@${at}>`)], asserted("+14155550111")],
    ["an international number", [pai(`<sip:0114930123456@${at}>`)], asserted("+4930123456")],
    ["separators", [pai(`<sip:(415)555-0111@${at}>`)], asserted("+14155550111")],
    ["a name instead of a number", [pai(`<sip:ann@${at}>`)], asserted("ann")],
    ["two, SIP first", [pai(`<sip:+14155550111@${at}>, <tel:+14155550112>`)], asserted("+14155550111")],
    ["two, tel first", [pai(`<tel:+14155550112>, <sip:+14155550111@${at}>`)], asserted("+14155550111")],
    ["two headers", [pai("<tel:+14155550112>"), pai(`<sip:+14155550111@${at}>`)], asserted("+14155550111")],
    ["both", [rpid(`<sip:+14155550112@${at}>`), pai(`<sip:+14155550111@${at}>`)], asserted("+14155550111")],
    ["Privacy: none", [pai(`<sip:+14155550111@${at}>`), "Privacy: none"], asserted("+14155550111")],
    [
      "only Remote-Party-ID",
      [rpid(`"Bo" <sip:+14155550112@${at}>;party=calling`)],
      asserted("+14155550112", "Bo"),
    ],
    ["no user part", [pai(`<sip:${at}>`), rpid(`<sip:+14155550112@${at}>`)], asserted("+14155550112")],
    [
      "another scheme",
      [pai("<mailto:a@b.example>"), rpid(`<sip:+14155550112@${at}>`)],
      asserted("+14155550112"),
    ],
    ["garbage", [pai("<<<;;"), rpid(`<sip:+14155550112@${at}>`)], asserted("+14155550112")],
    ["nothing", [pai(""), rpid(`<sip:+14155550112@${at}>`)], asserted("+14155550112")],
    ["a very long user", [pai(`<sip:${"1".repeat(200)}@${at}>`)], only("+14155550100")],
    ["of the called party", [rpid(`<sip:+14155550112@${at}>;party=called`)], only("+14155550100")],
    ["neither: From, which nobody asserts", [], only("+14155550100")],
    ["a header that the trunk does not name", [ppi(`<sip:+14155550113@${at}>`)], only("+14155550100")],
  ])("%s", async (_, headers, expected) => {
    shows("document/caller-id");
    expect(await shown("acme", headers)).toEqual(expected);
  });

  test.each([
    "Privacy: id",
    "Privacy: ID",
    "Privacy: header",
    "Privacy: user",
    "privacy:id;critical",
    "Privacy: history ; id",
    "Privacy: none\r\nPrivacy: id",
    "Privacy:\r\n id",
  ])("%j: the agent learns nothing", async (line) => {
    const headers = [pai(`"Ann" <sip:+14155550111@${at}>`), line];
    expect(await shown("acme", headers)).toEqual(anonymous);
  });

  test.each([
    ['"Anonymous" <sip:anonymous@anonymous.invalid>', [pai(`<sip:+14155550111@${at}>`)]],
    ["<sip:Anonymous@203.0.113.10>", [pai(`<sip:+14155550111@${at}>`)]],
    ["<sip:+14155550100@carrier.example>", [pai("<sip:anonymous@anonymous.invalid>")]],
    ["<sip:+14155550100@carrier.example>", [rpid(`<sip:+14155550111@${at}>;screen=yes;privacy=full`)]],
    ["<sip:+14155550100@carrier.example>", [rpid(`<sip:+14155550111@${at}>; Privacy="Full"`)]],
  ])("From %s with %j: anonymous", async (value, headers) => {
    const instead = { From: [`From: ${value};tag=${unique()}`] };
    expect(await shown("acme", headers, undefined, instead)).toEqual(anonymous);
  });
});

describe("other orders", () => {
  test.each([
    ["rpid", [rpid(`<sip:+14155550112@${at}>`), ppi(`<sip:+14155550113@${at}>`)], asserted("+14155550112")],
    ["rpid", [rpid(`"Bo" <sip:+14155550112@${at}>;privacy=name`)], asserted("+14155550112")],
    ["rpid", [rpid(`"Bo" <sip:+14155550112@${at}>;privacy=off`)], asserted("+14155550112", "Bo")],
    ["rpid", [ppi(`"Cy" <sip:+14155550113@${at}>`)], asserted("+14155550113", "Cy")],
    ["rpid", [pai(`<sip:+14155550111@${at}>`)], only("+14155550100")],
    ["rpid", [rpid(`<sip:4155550112@${at}>`)], asserted("4155550112")],
    ["ppi", [ppi(`<tel:+49-30-123456>`)], asserted("+4930123456")],
    ["ppi", [ppi(`<sip:030123456@${at}>`)], asserted("+4930123456")],
    ["ppi", [ppi(`<sip:004930123456@${at}>`)], asserted("+4930123456")],
    ["ppi", [ppi(`<sip:4930123456@${at}>`)], asserted("+4930123456")],
    ["ppi", [pai(`<sip:+4930123457@${at}>`)], asserted("+4930123457")],
    ["plain", [pai(`<sip:+14155550111@${at}>`), rpid(`<sip:+14155550112@${at}>`)], asserted("+14155550100")],
    ["plain", ["Privacy: id"], anonymous],
  ])("trunk %s, %j", async (trunk, headers, expected) => {
    expect(await shown(trunk, headers)).toEqual(expected);
  });

  test("a number at anonymous.invalid is nobody's", async () => {
    const instead = { From: [`From: <sip:+14155550100@anonymous.invalid>;tag=${unique()}`] };
    expect(await shown("plain", [], undefined, instead)).toEqual(anonymous);
  });

  test("a national number in From is completed too", async () => {
    expect(await shown("plain", [], "4155550100")).toEqual(asserted("+14155550100"));
    expect(await shown("rpid", [], "4155550100")).toEqual(only("4155550100"));
  });

  test("no user in From: nothing is asserted", async () => {
    const instead = { From: [`From: <sip:${addresses.carrier}>;tag=${unique()}`] };
    expect(await shown("plain", [], undefined, instead)).toEqual({
      from: `<sip:${here}>`,
      pai: [],
      privacy: [],
    });
  });
});

describe("what cannot break out", () => {
  test.each([
    pai(`"a\\" <sip:evil@x>" <sip:+14155550111@${at}>`),
    pai(`x;y=z <sip:+14155550111@${at}>`),
    pai(`evil@x, "b" <sip:+14155550111@${at}>`),
    pai(`"a\r\n X-Crew-Agent: evil" <sip:+14155550111@${at}>`),
    pai(`"a\\\\" <sip:+14155550111@${at}>`),
    pai(`"$ru$$avp(agent)" <sip:+14155550111@${at}>`),
    pai(`<sip:+1415%0d%0aX-Crew-Agent%3a%20evil@${at}>`),
    pai(`<sip:a%3e%2c%3csip%3aevil@${at}>`),
    pai(`<sip:%zz@${at}>`),
    pai(`<sip:a%00b@${at}>`),
    pai(`<sip:+14155550111@${at}?X-Crew-Agent=evil>`),
    pai(`<tel:+14155550111;x=">,<sip:evil@x>">`),
    rpid(`"a" <sip:+14155550111@${at}>;x="\r\n X-Crew-Agent: evil"`),
  ])("%j", async (header) => {
    const callId = unique("break");
    const answer = await world.carrier.ask(world.carrier.make({ callId, headers: [header] })).catch(() => "");
    const invite = (await world.settle(40)).agent.find((t) => methodOf(t) === "INVITE") ?? "";
    expect(statusOf(answer)).toBe(200);
    const got = seen(invite);
    expect(got.from).toMatch(/^(?:"[^"\\]*" )?<sip:[^<>\s"@]+@198\.51\.100\.7>$/);
    for (const value of got.pai) expect(value).toMatch(/^<sip:[^<>\s"@]+@198\.51\.100\.7>$/);
    expect(headerLines(invite).filter((l) => /^x-crew/i.test(l))).toHaveLength(3);
    expect(headerValues(invite, "From")).toHaveLength(1);
  });
});

describe("the rest of the call", () => {
  test("rules look at the number that the agent would see", async () => {
    const refused = pai(`<sip:4155550199@${at}>`);
    const ask = (headers: readonly string[], caller = "+14155550100") =>
      world.carrier.ask(world.carrier.make({ headers, from: caller })).then(statusOf);
    expect(await ask([refused])).toBe(603);
    expect(await ask([refused, "Privacy: id"])).toBe(200);
    expect(await ask([pai(`<sip:+14155550111@${at}>`)], "+14155550199")).toBe(200);
  });

  test("records name the caller that the agent saw", async () => {
    const callId = unique("record");
    const headers = [pai(`<sip:4155550111@${at}>`)];
    await hangUp(world.carrier, await call(world.carrier, { callId, headers }));
    await expect
      .poll(() => world.edge.records("answered").find((r) => r.call === callId)?.caller, soon)
      .toBe("+14155550111");
  });

  test.each([
    ["a number", [pai(`"Ann" <sip:4155550111@${at}>`)], `<sip:+14155550111@${edgeAt.address}>`],
    ["nobody", [pai(`<sip:+14155550111@${at}>`), "Privacy: id"], "<sip:anonymous@anonymous.invalid>"],
  ])(
    "%s stays what it was within the call, and is the carrier's own for the carrier",
    async (_, headers, uri) => {
      const { carrier, agent } = world;
      const callId = unique("dialog");
      const sent = carrier.mark();
      const dialog = await call(carrier, { callId, headers });
      const [own = ""] = headerValues(dialog.answer, "From");
      expect(own).toContain("+14155550100");
      expect(statusOf(await carrier.ask(within(carrier, dialog, "INFO", { cseq: 2 })))).toBe(200);
      const info = await agent.request("INFO", callId);
      expect((headerValues(info, "From")[0] ?? "").replace(/;tag=.*/, "")).toBe(uri);
      const invite = await agent.request("INVITE", callId);
      const back = dialogAsCallee(invite, agent.tag);
      const bye = agent.make({
        method: "BYE",
        uri: /<([^>]*)>/.exec(headerValues(invite, "Contact")[0] ?? "")?.[1] ?? "",
        callId,
        cseq: 7,
        headers: back.routes,
        instead: {
          From: [`From: ${headerValues(invite, "To")[0]};tag=${agent.tag}`],
          To: [`To: ${headerValues(invite, "From")[0]}`],
        },
      });
      const answered = agent.ask(bye);
      const got = await carrier.peer.receive(2000, (d) => methodOf(d.text) === "BYE");
      await carrier.send(response(got.text, "200 OK"), got);
      expect(statusOf(await answered)).toBe(200);
      expect(headerValues(got.text, "To")[0]).toContain("<sip:+14155550100@");
      expect(
        leaks(
          carrier.since(sent).map((text) => ({ text })),
          ["+14155550111", "Ann", "anonymous"],
        ),
      ).toEqual([]);
    },
  );

  test("the deployment's own call is no trunk's, and goes through", async () => {
    const { lab } = world;
    const prover = await party(lab, edgeAt.address, 5098, edgeAt);
    const echo = await party(lab, agentsSide.address, 5099, agentsSide);
    const headers = [`X-Crew-Proof: ${token}`];
    const asked = prover.ask(
      prover.make({ uri: `sip:crew-proof@${edgeAt.address}`, from: "proof", headers }),
    );
    const got = await echo.peer.receive(2000, (d) => methodOf(d.text) === "INVITE");
    expect(seen(got.text)).toEqual(asserted("proof"));
    await echo.send(response(got.text, "486 Busy Here", { toTag: "e" }), got);
    expect(statusOf(await asked)).toBe(486);
  });
});
