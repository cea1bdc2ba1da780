/** How a number may be written in a Request-URI: the same number, whoever writes it, reaches the same place. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Half, same } from "../targets/kamailio/calls.ts";
import { agentsSide, edgeAt, number, type World } from "./call-world.ts";
import { agentAt, openHalves, providerAt } from "./kit/halves.ts";
import { request, response, sdp, statusOf, unique, uriOf } from "./kit/message.ts";

const dialled = "+14155550123";

let world: World;
let caller: Half;
let agent: Half;
let provider: Half;
beforeAll(async () => {
  ({ world, caller, agent, provider } = await openHalves());
});
afterAll(() => world.close());

const forms = (n: string): readonly string[] => [
  n,
  `${n};user=phone`,
  `${n.replace("+", "%2B")};user=phone`,
  n.replace("+", "%2b"),
  n.replace(/^(\+1)(\d{3})(\d{3})/, "$1-$2-$3-"),
];
/** With parameters of the number itself (RFC 4694), which stand in the user part. */
const ported = (n: string): readonly string[] => [`${n};npdi`, `${n};npdi;rn=+14155550000;user=phone`];

/** `<user>;<parameters of the URI>` as a URI: only user=phone is one of those. */
function uriTo(form: string, address: string): string {
  const [, user = form, phone = ""] = /^(.*?)(;user=phone)?$/.exec(form) ?? [];
  return `sip:${user}@${address}${phone}`;
}

/** The INVITE that the other side gets, which then declines. */
async function reaches(from: Half, to: Half, uri: string, headers: readonly string[] = []): Promise<string> {
  const callId = unique("called");
  const body = sdp(from.at.address);
  const at = from.at;
  const sent = request({ at, uri, callId, body, headers });
  await from.send(sent);
  const got = await to.next(callId, "INVITE").catch(async () => {
    const answers = (await from.peer.receive(1000, (d) => (statusOf(d.text) ?? 0) > 100)).text;
    throw new Error(answers.split("\r\n")[0]);
  });
  await to.send(response(got, "603 Decline", { toTag: "other" }));
  await from.next(callId, 603);
  await from.send(same({ callId, sent, got }, "ACK", "other"));
  return got;
}

describe("a carrier calls", () => {
  test.each([...forms(number(0)), ...ported(number(0))])("%s", async (form) => {
    const got = await reaches(caller, agent, uriTo(form, edgeAt.address));
    expect(uriOf(got)).toBe(`sip:${number(0)}@${agentAt}:5080`);
    expect(headerValues(got, "To")[0]).toBe(`<sip:${number(0)}@${edgeAt.address}>`);
  });
});

describe("an agent calls", () => {
  test.each([...forms(dialled), ...ported(dialled)])("%s", async (form) => {
    const headers = ["X-Crew-Agent: hand"];
    const uri = uriTo(form, `${agentsSide.address}:${agentsSide.port}`);
    const got = await reaches(agent, provider, uri, headers);
    expect(uriOf(got)).toMatch(/^sip:\+14155550123@203\.0\.113\.50:5060/);
    expect(headerValues(got, "To")[0]).toBe(`<sip:${dialled}@${providerAt}:5060>`);
  });
});

test("a line end that is escaped stays outside of every header", async () => {
  const callId = unique("called");
  const uri = `sip:${number(0)}%0d%0aX-Evil:%201@${edgeAt.address}`;
  await caller.send(request({ at: caller.at, uri, callId }));
  expect(statusOf(await caller.next(callId, 404))).toBe(404);
});
