/** A carrier whose proxy stays in the path of its calls (RFC 3261 section 12.2): requests within the call go by way of it. */
import { expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { startEdge } from "../lab/edge.ts";
import { withLab } from "../lab/netns.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { statusOf, unique, uriOf } from "./kit/message.ts";
import { type Behaviour, sipServer } from "./kit/server.ts";

const edgeAt = "198.51.100.7";
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const agentAt = "10.0.4.10";
const gatewayAt = "203.0.113.50";
const proxyAt = "203.0.113.51";

/** As if the INVITE had come by way of two proxies. */
const behindProxies: Behaviour = async function* (_, next) {
  const own = `\r\nRecord-Route: <sip:203.0.113.52;lr>\r\nRecord-Route: <sip:${proxyAt}:5060;lr>\r\nRecord-Route: `;
  for await (const reply of next()) yield reply.replace("\r\nRecord-Route: ", own);
};

test("ACK and BYE reach the first proxy, with its Route and the next one's, for the gateway's Contact", async () => {
  const addresses = [edgeAt, agentsSide.address, agentAt, gatewayAt, proxyAt];
  await withLab({ addresses }, async (lab) => {
    const edge = await startEdge(lab, {
      network: { public_ip: edgeAt, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "acme",
          country: "US",
          agents: { agent_sarah: { uri: `sip:${agentAt}:5080` } },
          sip: { outbound: { uri: `sip:${gatewayAt}` } },
        },
      ],
    });
    const agent = await sipServer(lab, agentAt, 5080, accepts());
    const gateway = await sipServer(lab, gatewayAt, 5060, behindProxies, accepts());
    const proxy = await sipServer(lab, proxyAt, 5060, accepts());
    const uri = `sip:+14155550177@${agentsSide.address}:5080`;
    const invite = agent.make({ uri, callId: unique("proxy") });
    const answer = await agent.ask(invite, 4000, agentsSide);
    expect(statusOf(answer)).toBe(200);
    expect(answer).not.toContain("203.0.113.5");
    const dialog = dialogOf(invite, answer);
    await agent.send(within(agent, dialog, "ACK"), agentsSide);
    expect(statusOf(await agent.ask(within(agent, dialog, "BYE"), 3000, agentsSide))).toBe(200);
    for (const method of ["ACK", "BYE"]) {
      const seen = await proxy.request(method);
      expect(uriOf(seen)).toBe(`sip:server@${gatewayAt}:5060`);
      const routes = headerValues(seen, "Route").flatMap((v) => v.split(","));
      expect(routes).toEqual([`<sip:${proxyAt}:5060;lr>`, "<sip:203.0.113.52;lr>"]);
    }
    expect(gateway.requests("BYE")).toEqual([]);
    for (const server of [agent, gateway, proxy]) await server.close();
    await edge.stop();
  });
}, 60_000);
