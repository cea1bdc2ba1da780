/** An Asterisk as the PBX whose callers a voice agent transfers: to an extension, and to a call that the agent placed before. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { type Asterisk, startAsterisk } from "../lab/asterisk.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { bodyOf, sdp, statusOf, unique } from "./kit/message.ts";
import { type Server, sipServer } from "./kit/server.ts";

const [edgeAt, agentsSide, pbxAt] = ["198.51.100.7", "10.0.4.1", "203.0.113.10"] as const;
const [agentAt, handAt] = ["10.0.4.10", "10.0.4.11"] as const;
const hz = { caller: 700, agent: 1100, colleague: 1700 } as const;
const number = "+14155551111";
const attended = "+14155552222";
const colleague = "+14155550177";

let lab: Lab;
let edge: Edge;
let pbx: Asterisk;
let agent: Phone;
/** An agent by hand: baresip has no attended transfer. */
let hand: Server;

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt, agentsSide, handAt] });
  pbx = await startAsterisk(
    lab,
    "pbx",
    {
      address: pbxAt,
      trunks: { edge: { address: edgeAt } },
      numbers: { "2003": { does: "echo" }, [colleague]: { does: { hz: hz.colleague } } },
    },
    await lab.host(pbxAt),
  );
  edge = await startEdge(lab, {
    network: { public_ip: edgeAt, agents: { address: agentsSide }, rtp: [30000, 30999] },
    trunks: [
      {
        crew_id: "acme",
        country: "US",
        agents: { sarah: { uri: `sip:${agentAt}:5080` }, hand: { uri: `sip:${handAt}:5080` } },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: [pbxAt] },
          inbound_routes: [
            { match: { to_uri: number }, agent_id: "sarah" },
            { match: { to_uri: attended }, agent_id: "hand" },
          ],
          outbound: { uri: `sip:${pbxAt}`, caller_id: number },
          refer: "pass",
          refer_to: ["+1415", "2003"],
        },
      },
    ],
  });
  hand = await sipServer(lab, handAt, 5080, accepts());
  agent = await phone({
    launcher: await lab.host(agentAt),
    tools: lab.tools,
    dir: join(lab.dir, "agent"),
    name: "agent",
    address: agentAt,
    port: 5080,
    user: "sarah",
    domain: agentsSide,
    outbound: `sip:${agentsSide}:5080`,
    playHz: hz.agent,
  });
}, 300_000);
afterAll(async () => {
  await agent?.stop();
  await hand?.close();
  await pbx?.stop();
  await edge?.stop();
  await lab?.close();
});

/** Its outcome is not told: the channel that would tell it goes elsewhere. */
function callIn(to: string): void {
  pbx.call({ trunk: "edge", to, hz: hz.caller, talkMs: 30_000 }).catch(() => {});
}

test("blind: the caller is connected to the extension, the agent hears so and hangs up", async () => {
  shows("behaviour/18-refer");
  callIn(number);
  await agent.incoming(8000);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  agent.transfer(`sip:2003@${agentsSide}`);
  const extension = await pbx.incoming(5000);
  expect(extension).toMatchObject({ to: "2003" });
  await agent.ended(5000);
  await expect
    .poll(() => edge.records("transferred").at(-1), soon)
    .toMatchObject({ trunk: "acme", code: 200 });
  expect(edge.records("transfer").at(-1)).toMatchObject({ to: "2003", code: 202 });
  expect(agent.heard(hz.caller).ms).toBeGreaterThan(700);
  await expect.poll(() => extension.heard(hz.caller).ms, { timeout: 10_000 }).toBeGreaterThan(1500);
  for (const text of messagesOf(pbx.messages(), "REFER").map((m) => m.text)) {
    expect(headerValues(text, "Refer-To")[0]).toContain(`2003@${pbxAt}`);
    expect(text).not.toContain("10.0.4.");
  }
});

test("attended: the caller is connected to the call that the agent placed before", async () => {
  shows("behaviour/18-refer");
  const before = pbx.running.lines.length;
  callIn(attended);
  await expect.poll(() => hand.requests("INVITE").length, { timeout: 8000 }).toBe(1);
  const [invite = ""] = hand.requests("INVITE");
  // Before that there is no call that could be transferred.
  await pbx.running.waitFor(/^ *CREW up id=/, 8000, before);
  const consult = hand.make({
    uri: `sip:${colleague}@${agentsSide}:5080`,
    callId: `${unique()}@${handAt}`,
    from: "sarah",
    body: sdp(handAt, 18_002),
  });
  const side = { address: agentsSide, port: 5080 };
  const dialog = dialogOf(consult, await hand.ask(consult, 5000, side));
  await hand.send(within(hand, dialog, "ACK"), side);
  const talking = await pbx.incoming(5000);
  expect(talking).toMatchObject({ to: colleague });
  const replaces = `${dialog.callId};to-tag=${dialog.toTag};from-tag=${dialog.fromTag}`;
  const refer = hand.within(invite, "REFER", {
    headers: [`Refer-To: <sip:${colleague}@${agentsSide}:5080?Replaces=${encodeURIComponent(replaces)}>`],
  });
  expect(statusOf(await hand.ask(refer, 5000, side))).toBe(202);
  // Asterisk ends the call that was replaced, and tells that the transfer is done.
  await expect
    .poll(() => hand.requests("BYE").map((bye) => headerValues(bye, "Call-ID")[0]), { timeout: 10_000 })
    .toContain(dialog.callId);
  // Both come at once, and one may overtake the other.
  const told = (): readonly string[] => {
    const cseq = (text: string): number => Number.parseInt(headerValues(text, "CSeq")[0] ?? "", 10);
    return hand
      .requests("NOTIFY")
      .toSorted((a, b) => cseq(a) - cseq(b))
      .map(bodyOf);
  };
  await expect.poll(told, { timeout: 10_000 }).toEqual(["SIP/2.0 100 Trying\r\n", "SIP/2.0 200 OK\r\n"]);
  await hand.ask(hand.within(invite, "BYE"), 3000, side);
});
