/** A carrier over TLS that challenges every request of a call: the answers go over the connection that was proved. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { sippAgent, sippCall } from "../../src/phone/sipp.ts";
import { authority } from "../lab/certificates.ts";
import { soon, startEdge } from "../lab/edge.ts";
import { muLawTone } from "../lab/g711.ts";
import { withLab } from "../lab/netns.ts";
import { challengesAll } from "./kit/sipp-provider.ts";
import { refreshing } from "./timed-sipp.ts";

const edgeAt = "198.51.100.7";
const agentsSide = "10.0.4.1";
const agentAt = "10.0.4.10";
const providerAt = "203.0.113.50";
const realm = "provider.example.com";
const password = "sEcret$1";

const method = "INVITE";

test("INVITE, re-INVITE and BYE, and the session interval that the agent asked for", () =>
  withLab({ addresses: [edgeAt, agentsSide] }, async (lab) => {
    const ca = await authority(lab);
    const [own, theirs] = [await ca.issue([edgeAt, agentsSide]), await ca.issue([providerAt])];
    const run = { tools: lab.tools, dir: join(lab.dir, "sipp"), receiveMs: 10_000 };
    const provider = await sippAgent(
      {
        ...run,
        launcher: await lab.host(providerAt),
        name: "provider",
        address: providerAt,
        port: 5061,
        transport: "tls",
        tls: { certificate: theirs.certificate, key: theirs.key },
      },
      challengesAll({ password, realm, second: method }),
    );
    await startEdge(
      lab,
      {
        network: {
          public_ip: edgeAt,
          agents: { address: agentsSide },
          rtp: [30000, 30999],
          tls: { certificate: own.certificate, private_key: own.key, ca: ca.ca },
        },
        trunks: [
          {
            crew_id: "acme",
            agents: { agent: { uri: `sip:${agentAt}:5080` } },
            sip: {
              outbound: {
                uri: `sip:${providerAt}:5061;transport=tls`,
                auth: { username: "acme", password: { secret: "P" }, realm },
                allowed_destinations: ["+1"],
              },
            },
          },
        ],
      },
      { passwords: [{ trunk: "acme", password }] },
    );
    const play = join(lab.dir, "agent.ul");
    writeFileSync(play, muLawTone(1100, 20_000));
    const calls = await sippCall(
      {
        ...run,
        launcher: await lab.host(agentAt),
        name: "agent",
        address: agentAt,
        port: 5080,
        rtpPort: 18_000,
        remote: `${agentsSide}:5080`,
      },
      refreshing({ to: "+14155550123", method, expires: 600, everySeconds: 1, seconds: 2, play }),
    );
    expect(calls).toMatchObject({ ok: 1, failed: 0, errors: "" });
    expect(messagesOf(calls.messages, 401)).toEqual([]);
    const right = (): unknown => readFileSync(join(run.dir, "provider.log"), "utf8").match(/right \w+/g);
    await expect.poll(right, soon).toEqual(["right INVITE", "right INVITE", "right BYE"]);
    const invites = messagesOf(provider.messages(), "INVITE").map((m) =>
      headerValues(m.text, "Session-Expires"),
    );
    expect(new Set(invites.flat())).toEqual(new Set(["600;refresher=uac"]));
    expect(invites.filter((values) => values.length !== 1)).toEqual([]);
    expect(provider.errors()).toBe("");
    await provider.stop();
  }));
