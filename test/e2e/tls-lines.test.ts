/** TLS on the line before the current one: a call each way, and a wrong name. */
import { expect, test } from "vitest";
import { authority, type Certificate } from "../lab/certificates.ts";
import { startEdge } from "../lab/edge.ts";
import { withLab } from "../lab/netns.ts";
import { startAgent, startCaller } from "../lab/peers.ts";
import { agentsSide, draft, edgeAt, number, sleep, toAgent } from "./call-world.ts";

const good = "10.0.4.10";
const wrong = "10.0.4.11";

test("line 6.0 carries a call between a trunk by certificate and an agent over TLS, and none to another name", async () => {
  await withLab({ addresses: [edgeAt.address, agentsSide.address] }, async (lab) => {
    const ca = await authority(lab);
    const own = await ca.issue([edgeAt.address, agentsSide.address]);
    const auth = { type: "client_certificate", name: "pbx.example.com" };
    const agents = {
      good: { uri: `sip:${good}:5081;transport=tls` },
      wrong: { uri: `sip:${wrong}:5081;transport=tls` },
    };
    const base = draft(agents, [toAgent(1, "good"), toAgent(2, "wrong")], { auth }) as { network: object };
    const tls = { certificate: own.certificate, private_key: own.key, ca: ca.ca };
    const edge = await startEdge(lab, { ...base, engine: "6.0", network: { ...base.network, tls } });
    expect(edge.runtime.line).toBe("6.0");
    const agent = (at: string, certificate: Certificate) =>
      startAgent(lab, { via: "sipp", at: `${at}:5081`, transport: "tls", certificate });
    const right = await agent(good, await ca.issue([good]));
    const other = await agent(wrong, await ca.issue(["other.example.com"]));
    const certificate = await ca.issue(["pbx.example.com"]);
    const call = async (n: number) => {
      const to = `sip:${number(n)}@${edgeAt.address}:5061;transport=tls`;
      const caller = await startCaller(lab, {
        via: "sipp",
        from: `192.0.2.10:${5060 + 2 * n}`,
        to,
        certificate,
      });
      return caller.call({ talkMs: 800, expectHz: 700 });
    };
    expect(await call(1)).toMatchObject({ answered: true, code: 200, heardTone: true });
    expect(right.invites()).toHaveLength(1);
    expect(await call(2)).toMatchObject({ answered: false, code: 480 });
    await sleep(300);
    const received = other.messages().filter((m) => m.direction === "received");
    expect(new Set(received.map((m) => m.text.split(" ")[0]))).toEqual(new Set(["OPTIONS"]));
    expect(edge.records("certificate").length).toBeGreaterThan(0);
  });
}, 60_000);
