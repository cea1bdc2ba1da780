/** An edge that has IPv6 alone on both sides: deployed, proven by a call of its own, and changed under the next one. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DeployLab, openDeployLab } from "./edge.ts";

const carrierSide = "2001:db8:7::7";
const agentSide = "fd00:4::1";

let edge: DeployLab;
beforeAll(async () => {
  edge = await openDeployLab({ addresses: [carrierSide, agentSide] });
});
afterAll(() => edge.close());

const configure = (...numbers: readonly string[]): void =>
  edge.configure(
    numbers,
    {},
    {
      network: { public_ip: carrierSide, agents: { address: agentSide } },
      trunks: [
        {
          crew_id: "test",
          agents: { sarah: { uri: "sip:[fd00:4::10]:5080" } },
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: ["2001:db8:c::10"] },
            inbound_routes: numbers.map((to_uri) => ({ match: { to_uri }, agent_id: "sarah" })),
          },
        },
      ],
    },
  );

test("is deployed and proven", async () => {
  configure("+14155551111");
  const first = await edge.deploy();
  expect(first, first.output).toMatchObject({ code: 0, data: { outcome: "deployed", generation: 1 } });
  expect(await edge.status()).toMatchObject({ state: "up", generation: 1, firewall: 1 });
});

test("changes to the next generation, which is proven beside it", async () => {
  configure("+14155551111", "+14155552222");
  const next = await edge.deploy();
  expect(next, next.output).toMatchObject({ code: 0, data: { generation: 2, previous: 1 } });
});
