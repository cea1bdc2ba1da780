/** A PBX with a password on the edge's own host, as in a trial on loopback: its address is that of the proof call. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { accepts } from "../e2e/kit/behaviours.ts";
import { dialogOf, within } from "../e2e/kit/call.ts";
import { authorization, challengeOf } from "../e2e/kit/digest.ts";
import { request, sdp, statusOf, unique } from "../e2e/kit/message.ts";
import { type Server, sipServer } from "../e2e/kit/server.ts";
import { type DeployLab, openDeployLab } from "./edge.ts";

const edgeAt = { address: "127.0.0.1", port: 5060 } as const;
const uri = "sip:main@127.0.0.1";

let edge: DeployLab;
let pbx: Server;
let agent: Server;

function configure(...users: readonly string[]): void {
  edge.configure(
    [],
    {},
    {
      trunks: [
        {
          crew_id: "pbx",
          agents: { sarah: { uri: "sip:127.0.0.4:5080" } },
          sip: {
            auth: { type: "digest", username: "pbx", password: "known" },
            inbound_routes: users.map((to_user) => ({ match: { to_user }, agent_id: "sarah" })),
            codecs: [{ name: "PCMU" }, { name: "PCMA" }],
          },
        },
      ],
    },
  );
}

beforeAll(async () => {
  edge = await openDeployLab();
  configure("main");
  pbx = await sipServer(edge.lab, "127.0.0.1", 5070);
  agent = await sipServer(
    edge.lab,
    "127.0.0.4",
    5080,
    (turn, next) =>
      turn.method === "INVITE" ? [turn.reply("200 OK", { body: sdp("127.0.0.4", 18_000) })] : next(),
    accepts(),
  );
  const deployed = await edge.deploy();
  expect(deployed.code, deployed.output).toBe(0);
});
afterAll(async () => {
  for (const party of [pbx, agent]) await party?.close();
  await edge?.close();
});

test("it is challenged, and its call reaches the agent", async () => {
  const invite = (more: object) =>
    request({ at: pbx.at, uri, callId: unique("call"), body: sdp("127.0.0.1", 17_000), ...more });
  const challenge = await pbx.ask(invite({}), 3000, edgeAt);
  expect(statusOf(challenge)).toBe(407);
  const credentials = { username: "pbx", password: "known", method: "INVITE", uri };
  const again = invite({ cseq: 2, headers: [authorization(challengeOf(challenge), credentials)] });
  const answer = await pbx.ask(again, 5000, edgeAt);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(again, answer);
  await pbx.send(within(pbx, dialog, "ACK", { cseq: 2 }), edgeAt);
  await agent.request("ACK");
  expect(statusOf(await pbx.ask(within(pbx, dialog, "BYE", { cseq: 3 }), 3000, edgeAt))).toBe(200);
  await agent.request("BYE");
});

test("an answer to a challenge of the generation before is right but stale, and the next one is good", async () => {
  const callId = unique("stale");
  const invite = (more: object) =>
    request({ at: pbx.at, uri, callId, body: sdp("127.0.0.1", 17_000), ...more });
  const credentials = { username: "pbx", password: "known", method: "INVITE", uri };
  const first = challengeOf(await pbx.ask(invite({}), 3000, edgeAt));
  configure("main", "sales");
  expect((await edge.deploy()).code).toBe(0);
  const stale = await pbx.ask(
    invite({ cseq: 3, headers: [authorization(first, credentials)] }),
    3000,
    edgeAt,
  );
  expect(statusOf(stale)).toBe(407);
  expect(challengeOf(stale).stale).toBe(true);
  const wrong = authorization(challengeOf(stale), { ...credentials, password: "other" });
  const refused = await pbx.ask(invite({ cseq: 4, headers: [wrong] }), 3000, edgeAt);
  expect(statusOf(refused)).toBe(407);
  expect(challengeOf(refused).stale).toBe(false);
  const again = invite({ cseq: 5, headers: [authorization(challengeOf(refused), credentials)] });
  const answer = await pbx.ask(again, 5000, edgeAt);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(again, answer);
  await pbx.send(within(pbx, dialog, "ACK", { cseq: 5 }), edgeAt);
  expect(statusOf(await pbx.ask(within(pbx, dialog, "BYE", { cseq: 6 }), 3000, edgeAt))).toBe(200);
});
