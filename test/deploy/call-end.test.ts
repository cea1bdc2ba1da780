/** The edge ends calls: those that last too long, also after a swap and the death of Kamailio, and those whose media is dead. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { accepts } from "../e2e/kit/behaviours.ts";
import { type Change, type Dialog, dialogOf, within } from "../e2e/kit/call.ts";
import { request, sdp, statusOf, unique } from "../e2e/kit/message.ts";
import { type Server, sipServer } from "../e2e/kit/server.ts";
import { type DeployLab, groups, killKamailio, openDeployLab } from "./edge.ts";

const edgeAt = { address: "127.0.0.1", port: 5060 } as const;
const number = "+14155551111";

let edge: DeployLab;
let pbx: Server;
let quiet: Server;
let agent: Server;
let elsewhere: Server;

function configure(more: readonly string[] = []): void {
  const agents = { sarah: { uri: "sip:127.0.0.4:5080" } };
  const inbound_routes = [number, ...more].map((to_uri) => ({ match: { to_uri }, agent_id: "sarah" }));
  const outbound = { uri: "sip:127.0.0.2:5060", allowed_destinations: ["+1"], caller_id: "+14155551234" };
  const trunk = (crew_id: string, address: string, limits: object, sip: object = {}) => ({
    crew_id,
    agents,
    sip: {
      auth: { type: "ip_allowlist", allowed_ips: [address] },
      inbound_routes,
      codecs: [{ name: "PCMU" }],
      ...sip,
    },
    limits,
  });
  edge.configure(
    [],
    {},
    {
      trunks: [
        trunk("long", "127.0.0.2", { calls: 10, call_minutes: 1, media_timeout: 300 }, { outbound }),
        trunk("quiet", "127.0.0.5", { media_timeout: 10 }),
      ],
    },
  );
}

beforeAll(async () => {
  edge = await openDeployLab();
  configure();
  pbx = await sipServer(edge.lab, "127.0.0.2", 5060, accepts());
  quiet = await sipServer(edge.lab, "127.0.0.5", 5060, accepts());
  agent = await sipServer(edge.lab, "127.0.0.4", 5080, accepts());
  elsewhere = await sipServer(edge.lab, "127.0.0.2", 5062, accepts());
  const deployed = await edge.deploy();
  expect(deployed.code, deployed.output).toBe(0);
});
afterAll(async () => {
  for (const party of [pbx, quiet, agent, elsewhere]) await party?.close();
  await edge?.close();
});

interface Call {
  readonly dialog: Dialog;
  /** As the agent got it. */
  readonly invite: string;
}

async function call(from: Server, change: Change = {}): Promise<Call> {
  const invite = request({
    at: from.at,
    uri: `sip:${number}@127.0.0.1`,
    callId: `${unique()}@127.0.0.2`,
    ...change,
  });
  const before = agent.requests("INVITE").length;
  const answer = await from.ask(invite, 5000, edgeAt);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await from.send(within(from, dialog, "ACK"), edgeAt);
  return { dialog, invite: await agent.request("INVITE", before) };
}

const ofCall = (server: Server, callId: string): readonly string[] =>
  server.requests("BYE").filter((bye) => headerValues(bye, "Call-ID")[0] === callId);

/** The BYEs of a call: at its caller, at its agent. */
const byes = ({ dialog, invite }: Call, at: Server = pbx) => ({
  caller: ofCall(at, dialog.callId),
  agent: ofCall(agent, headerValues(invite, "Call-ID")[0] ?? ""),
});

const records = (event: string): readonly Readonly<Record<string, unknown>>[] =>
  [...edge.log("kamailio.log").matchAll(/ERROR: crew-[0-9a-f]+: (\{.*\})$/gm)].flatMap(([, json = ""]) =>
    json.includes(`"event":"${event}"`) ? [JSON.parse(json)] : [],
  );

const recordsOf = ({ invite }: Call) =>
  records("ended").filter((r) => r.call === headerValues(invite, "Call-ID")[0]);

async function ended(made: Call, at: Server = pbx): Promise<void> {
  await expect
    .poll(() => [byes(made, at).caller.length, byes(made, at).agent.length], {
      timeout: 75_000,
      interval: 200,
    })
    .toEqual([1, 1]);
}

test("a call whose media is dead gets a BYE on both sides, and its record says why", async () => {
  shows("behaviour/29-media-timeout");
  const made = await call(quiet);
  await ended(made, quiet);
  const [bye = ""] = byes(made, quiet).caller;
  expect(headerValues(bye, "Reason")[0]).toContain("No media");
  expect(bye).not.toMatch(/X-Crew|127\.0\.0\.4/);
  expect(headerValues(bye, "From")[0]).toContain(`tag=${made.dialog.toTag}`);
  expect(headerValues(bye, "To")[0]).toContain(`tag=${made.dialog.fromTag}`);
  await expect
    .poll(() => recordsOf(made), { timeout: 3000 })
    .toMatchObject([{ trunk: "quiet", by: "edge", reason: "media_timeout" }]);
});

/** A re-INVITE of the caller that sets the direction of its media. */
async function redirect(from: Server, dialog: Dialog, direction: string): Promise<Dialog> {
  const body = sdp(from.at.address).replace("sendrecv", direction);
  const reinvite = within(from, dialog, "INVITE", { body });
  const answer = await from.ask(reinvite, 5000, edgeAt);
  expect(statusOf(answer)).toBe(200);
  const cseq = dialog.cseq + 1;
  await from.send(within(from, { ...dialog, cseq }, "ACK"), edgeAt);
  return { ...dialog, cseq };
}

test("a call on hold stays, with and without music; from its resumption on it needs media again", async () => {
  shows("behaviour/29-media-timeout");
  const held = await call(quiet);
  const silentHold = await call(quiet);
  const resumed = await call(quiet);
  await redirect(quiet, held.dialog, "inactive");
  await redirect(quiet, silentHold.dialog, "sendonly");
  const onHold = await redirect(quiet, resumed.dialog, "inactive");
  await new Promise((resolve) => setTimeout(resolve, 14_000));
  await redirect(quiet, onHold, "sendrecv");
  const since = Date.now();
  for (const made of [held, silentHold, resumed])
    expect(byes(made, quiet)).toEqual({ caller: [], agent: [] });
  await ended(resumed, quiet);
  const silentMs = Date.now() - since;
  expect(silentMs).toBeGreaterThan(9000);
  expect(silentMs).toBeLessThan(23_000);
  await expect.poll(() => recordsOf(resumed), { timeout: 3000 }).toMatchObject([{ reason: "media_timeout" }]);
  for (const made of [held, silentHold]) {
    expect(byes(made, quiet)).toEqual({ caller: [], agent: [] });
    const change = { cseq: made.dialog.cseq + 2 };
    expect(statusOf(await quiet.ask(within(quiet, made.dialog, "BYE", change), 3000, edgeAt))).toBe(200);
  }
});

test("a call that hangs up in time is not ended once more", async () => {
  const made = await call(quiet);
  expect(statusOf(await quiet.ask(within(quiet, made.dialog, "BYE"), 3000, edgeAt))).toBe(200);
  await new Promise((resolve) => setTimeout(resolve, 13_000));
  expect(byes(made, quiet)).toMatchObject({ caller: [], agent: [{}] });
  expect(recordsOf(made)).toMatchObject([{ by: "carrier" }]);
});

/** A call of the agent to the PBX. */
async function callOut(): Promise<{ readonly callId: string; readonly atPbx: string }> {
  const side = { address: "127.0.0.1", port: 5080 };
  const callId = `${unique("out")}@127.0.0.4`;
  const before = pbx.requests("INVITE").length;
  const invite = request({ at: agent.at, uri: "sip:+14155550177@127.0.0.1:5080", callId });
  const answer = await agent.ask(invite, 5000, side);
  expect(statusOf(answer)).toBe(200);
  await agent.send(within(agent, dialogOf(invite, answer), "ACK"), side);
  return { callId, atPbx: headerValues(await pbx.request("INVITE", before), "Call-ID")[0] ?? "" };
}

/** A call whose offer is the agent's. */
async function callWithoutOffer(): Promise<Call> {
  const invite = request({ at: pbx.at, uri: `sip:${number}@127.0.0.1`, callId: unique("late"), instead: {} });
  const bare = `${invite
    .slice(0, invite.indexOf("\r\n\r\n"))
    .replace(/\r\nContent-Type[^\r]*/, "")
    .replace(/(Content-Length:) \d+/, "$1 0")}\r\n\r\n`;
  const before = agent.requests("INVITE").length;
  const answer = await pbx.ask(bare, 5000, edgeAt);
  const dialog = dialogOf(bare, answer);
  await pbx.send(within(pbx, dialog, "ACK", { body: sdp("127.0.0.2") }), edgeAt);
  return { dialog, invite: await agent.request("INVITE", before) };
}

test("calls from before a swap and the death of Kamailio end after their time, wherever their sides are by then", async () => {
  const proxied = { "Record-Route": "<sip:127.0.0.2:5060;lr;proxy=1>" };
  const still = await call(pbx, { headers: Object.entries(proxied).map((line) => line.join(": ")) });
  const movedCaller = await call(pbx);
  const movedAgent = await call(pbx);
  const reinvite = within(pbx, movedCaller.dialog, "INVITE", {
    body: sdp("127.0.0.2", 17_002),
    instead: { Contact: [`Contact: <sip:moved@127.0.0.2:${elsewhere.at.port}>`] },
  });
  const answer = await pbx.ask(reinvite, 5000, edgeAt);
  expect(statusOf(answer)).toBe(200);
  await pbx.send(within(pbx, dialogOf(reinvite, answer), "ACK"), edgeAt);
  const away = await sipServer(edge.lab, "127.0.0.4", 5082, accepts());
  const from = { address: "127.0.0.1", port: 5080 };
  const agents = agent.within(movedAgent.invite, "INVITE", {
    body: sdp("127.0.0.4", 18_002),
    instead: { Contact: ["Contact: <sip:away@127.0.0.4:5082>"] },
  });
  expect(statusOf(await agent.ask(agents, 5000, from))).toBe(200);
  await agent.send(agent.within(movedAgent.invite, "ACK"), from);

  const out = await callOut();
  const late = await callWithoutOffer();

  configure(["+14155552222"]);
  const deployed = await edge.deploy();
  expect(deployed.code, deployed.output).toBe(0);
  await killKamailio(edge.lab);
  for (const pid of (await groups(edge.lab, /^\S*node .*guard/)).keys())
    await edge.lab.signal(pid, "SIGKILL");

  expect(byes(still)).toEqual({ caller: [], agent: [] });
  await ended(still);
  expect(headerValues(byes(still).caller[0] ?? "", "Route")[0]).toContain("proxy=1");
  expect(headerValues(byes(still).agent[0] ?? "", "Reason")[0]).toContain("Longest duration");
  await ended(movedCaller, elsewhere);
  await expect.poll(() => byes(movedAgent).caller.length, { timeout: 10_000 }).toBe(1);
  await expect.poll(() => away.requests("BYE").length, { timeout: 10_000 }).toBe(1);
  expect(byes(movedAgent).agent).toEqual([]);
  await ended(late);
  await expect
    .poll(() => [ofCall(agent, out.callId).length, ofCall(pbx, out.atPbx).length], { timeout: 10_000 })
    .toEqual([1, 1]);
  for (const made of [still, movedCaller, movedAgent, late])
    await expect
      .poll(() => recordsOf(made), { timeout: 3000 })
      .toMatchObject([{ trunk: "long", by: "edge", reason: "call_minutes" }]);
  await away.close();
});
