// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the dialplan are written so
/** The documented Asterisk sample, pasted with only host and secret changed, takes and makes calls through the edge. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { type Asterisk16, startAsterisk16 } from "../lab/asterisk16.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { ha1Of } from "./kit/digest.ts";

const host = "sip.example.com";
const secret = "s3cret-of-the-trunk";

/** As in the document; `your_crew_id` is a user name as good as any. */
const sipConf = `[crew-trunk]
type=friend
host=sip.usecrew.ai
username=your_crew_id
secret=your_sip_password
fromdomain=sip.usecrew.ai
insecure=port,invite
qualify=yes
context=from-crew
`;
const extensionsConf = `[from-external]
exten => _X.,1,Dial(SIP/\${EXTEN}@crew-trunk)

[from-crew]
exten => _X.,1,Dial(SIP/\${EXTEN})
`;

const edgeAt = "198.51.100.7";
const agentsSide = "10.0.4.1";
const agentAt = "10.0.4.10";
const pbxAt = "203.0.113.10";
const deskAt = "203.0.113.20";
const desk = "14155550100";
const agentHz = 1100;
const deskHz = 700;

let lab: Lab;
let edge: Edge;
let pbx: Asterisk16;
let agent: Phone;
let telephone: Phone;

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt, agentsSide], names: { [host]: edgeAt } });
  const realm = host;
  edge = await startEdge(
    lab,
    {
      network: { hostname: host, public_ip: edgeAt, agents: { address: agentsSide }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "office",
          country: "US",
          agents: { agent_sarah: { uri: `sip:${agentAt}:5080` } },
          sip: {
            auth: { type: "digest", username: "your_crew_id", password: { secret: "P" } },
            inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "agent_sarah" }],
            // The sample's extensions are digits without a plus.
            outbound: { uri: `sip:${pbxAt}`, number_format: "digits" },
          },
        },
      ],
    },
    {
      digests: [
        { trunk: "office", username: "your_crew_id", realm, ha1: ha1Of("your_crew_id", realm, secret) },
      ],
    },
  );
  pbx = await startAsterisk16(lab, "pbx", { address: pbxAt, host, secret, phones: { [desk]: "pw" } });
  agent = await phone({
    launcher: await lab.host(agentAt),
    tools: lab.tools,
    dir: join(lab.dir, "agent"),
    name: "agent",
    address: agentAt,
    port: 5080,
    user: "agent_sarah",
    domain: agentsSide,
    outbound: `sip:${agentsSide}:5080`,
    playHz: agentHz,
  });
  telephone = await phone({
    launcher: await lab.host(deskAt),
    tools: lab.tools,
    dir: join(lab.dir, "desk"),
    name: "desk",
    address: deskAt,
    user: desk,
    domain: pbxAt,
    auth: { username: desk, password: "pw" },
    register: 60,
    playHz: deskHz,
  });
}, 300_000);
afterAll(async () => {
  await agent?.stop();
  await telephone?.stop();
  await edge?.stop();
  await lab?.close();
});

/** Until both heard a second of the other: chan_sip takes itself out of the media, and each recording then starts anew. */
const talk = async (): Promise<void> => {
  await expect.poll(() => telephone.heard(agentHz, 1000).heard, { timeout: 8000 }).toBe(true);
  await expect.poll(() => agent.heard(deskHz, 1000).heard, { timeout: 8000 }).toBe(true);
};

describe("the documented Asterisk sample", () => {
  test("is pasted with only host and secret changed", () => {
    shows("document/asterisk");
    const file = (name: string): string => readFileSync(join(lab.dir, "pbx/etc", name), "utf8");
    const pasted = sipConf.replaceAll("sip.usecrew.ai", host).replace("your_sip_password", secret);
    expect(file("sip.conf")).toContain(pasted);
    expect(file("extensions.conf")).toContain(extensionsConf);
  });

  test("finds the edge with qualify=yes", async () => {
    shows("document/asterisk");
    await expect.poll(() => pbx.peer("crew-trunk"), { timeout: 5000 }).toMatch(/^OK \(\d+ ms\)/);
  }, 15_000);

  test("makes a call: the telephone behind it and the agent hear each other", async () => {
    shows("document/asterisk");
    await expect.poll(() => pbx.cli("sip show peers"), { timeout: 5000 }).toContain(`${deskAt} `);
    const call = await telephone.dial(`sip:14155551111@${pbxAt}`);
    expect(call).toMatchObject({ answered: true });
    await agent.incoming(3000);
    // Also after chan_sip took itself out of the media, as it does without further settings.
    const again = () =>
      messagesOf(pbx.messages(), "INVITE")
        .filter((m) => m.direction === "sent" && m.text.startsWith(`INVITE sip:${edgeAt}`))
        .some((m) => m.text.includes(`c=IN IP4 ${deskAt}`));
    await expect.poll(again, { timeout: 5000 }).toBe(true);
    await talk();
    telephone.hangUp();
    await agent.ended(3000);
    const sent = messagesOf(pbx.messages(), "INVITE").filter(
      (m) => m.direction === "sent" && m.text.startsWith(`INVITE sip:14155551111@${host}`),
    );
    const answers = sent.map((m) => headerValues(m.text, "Proxy-Authorization")[0] ?? "");
    expect(answers[0]).toBe("");
    expect(answers[1]).toMatch(/username="your_crew_id"/);
    const arrived = messagesOf(agent.messages(), "INVITE")[0]?.text ?? "";
    expect(headerValues(arrived, "X-Crew-Trunk")).toEqual(["office"]);
    await expect.poll(() => edge.records("ended"), soon).toMatchObject([{ trunk: "office", by: "carrier" }]);
  }, 30_000);

  test("takes a call: the agent reaches the extension", async () => {
    shows("document/asterisk");
    await expect.poll(() => pbx.cli("sip show peers"), { timeout: 5000 }).toContain(`${deskAt} `);
    const call = await agent.dial(`sip:+${desk}@${agentsSide}:5080`);
    expect(call).toMatchObject({ answered: true });
    await telephone.incoming(3000);
    await talk();
    agent.hangUp();
    await telephone.ended(3000);
    // insecure=invite: nobody is asked for a password.
    const refused = messagesOf(pbx.messages(), 401).filter(
      (m) => m.direction === "sent" && /^CSeq: \d+ INVITE/m.test(m.text) && m.text.includes(host),
    );
    expect(refused).toEqual([]);
    const [invite] = messagesOf(pbx.messages(), "INVITE").filter(
      (m) => m.direction === "received" && m.text.startsWith(`INVITE sip:${desk}@${pbxAt}`),
    );
    expect(invite?.text).toContain(`@${host}`);
  }, 30_000);
});
