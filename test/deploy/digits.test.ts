/** The guard of a deployed edge sends the digits of an agent on as INFO, one after the other, also after a swap. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { eventPackets } from "../e2e/events.ts";
import { accepts } from "../e2e/kit/behaviours.ts";
import { dialogOf, within } from "../e2e/kit/call.ts";
import { bodyOf, request, statusOf, unique } from "../e2e/kit/message.ts";
import { audioOf } from "../e2e/kit/rtp.ts";
import { type Server, sipServer } from "../e2e/kit/server.ts";
import { type DeployLab, openDeployLab } from "./edge.ts";

const edgeAt = { address: "127.0.0.1", port: 5060 } as const;
const number = "+14155551111";
const sdp = (address: string, port: number): string =>
  [
    "v=0",
    `o=- 1 1 IN IP4 ${address}`,
    "s=-",
    `c=IN IP4 ${address}`,
    "t=0 0",
    `m=audio ${port} RTP/AVP 0 101`,
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:101 telephone-event/8000",
    "",
  ].join("\r\n");

let edge: DeployLab;
let pbx: Server;
let agent: Server;

function configure(more: readonly string[] = []): void {
  edge.configure(
    [],
    {},
    {
      trunks: [
        {
          crew_id: "pbx",
          agents: { sarah: { uri: "sip:127.0.0.4:5080" } },
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: ["127.0.0.2"] },
            inbound_routes: [number, ...more].map((to_uri) => ({ match: { to_uri }, agent_id: "sarah" })),
            codecs: [{ name: "PCMU" }],
            dtmf: "info",
          },
        },
      ],
    },
  );
}

beforeAll(async () => {
  edge = await openDeployLab();
  configure();
  const answers = (address: string, port: number, media: number) =>
    sipServer(
      edge.lab,
      address,
      port,
      (turn, next) =>
        turn.method === "INVITE" ? [turn.reply("200 OK", { body: sdp(address, media) })] : next(),
      accepts(),
    );
  pbx = await answers("127.0.0.2", 5060, 17_000);
  agent = await answers("127.0.0.4", 5080, 18_000);
  const deployed = await edge.deploy();
  expect(deployed.code, deployed.output).toBe(0);
});
afterAll(async () => {
  for (const party of [pbx, agent]) await party?.close();
  await edge?.close();
});

test("digits arrive in their order", async () => {
  const invite = request({
    at: pbx.at,
    uri: `sip:${number}@127.0.0.1`,
    callId: `${unique()}@127.0.0.2`,
    body: sdp("127.0.0.2", 17_000),
  });
  const answer = await pbx.ask(invite, 5000, edgeAt);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await pbx.send(within(pbx, dialog, "ACK"), edgeAt);
  const got = await agent.request("INVITE");
  const mouth = await edge.lab.udp("127.0.0.4", 18_000);
  onTestFinished(() => mouth.close());
  let from = 0;
  const say = async (digits: string): Promise<void> => {
    for (const digit of digits) {
      from += 100;
      for (const packet of eventPackets({ digit, type: 101, duration: 1280, clock: 8000, from })) {
        await mouth.send(packet, audioOf(got));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const heard = (): string =>
    pbx
      .requests("INFO")
      .map((t) => /Signal=(.)/.exec(bodyOf(t))?.[1] ?? "?")
      .join("");
  // The guard looks every two seconds whether somebody wants digits.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await say("12#");
  await expect.poll(heard, { timeout: 5000 }).toBe("12#");
  configure(["+14155552222"]);
  const deployed = await edge.deploy();
  expect(deployed.code, deployed.output).toBe(0);
  await say("34*");
  await expect.poll(heard, { timeout: 5000 }).toBe("12#34*");
  const bye = agent.within(got, "BYE");
  expect(statusOf(await agent.ask(bye, 3000, { address: "127.0.0.1", port: 5080 }))).toBe(200);
  const [last = ""] = pbx.requests("BYE");
  const numbers = [...pbx.requests("INFO"), last].map((t) =>
    Number.parseInt(headerValues(t, "CSeq")[0] ?? "", 10),
  );
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
});
