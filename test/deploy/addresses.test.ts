/** Edges whose addresses are not the usual ones: deployed, proven by a call of their own, and changed under the next one. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DeployLab, openDeployLab } from "./edge.ts";

const worlds = [
  {
    about: "IPv6 alone on both sides",
    addresses: ["2001:db8:7::7", "fd00:4::1"],
    network: { public_ip: "2001:db8:7::7", agents: { address: "fd00:4::1" } },
    agent: "sip:[fd00:4::10]:5080",
    caller: "2001:db8:c::10",
  },
  {
    about: "an address on each side",
    addresses: ["198.51.100.7", "10.0.4.1"],
    network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } },
    agent: "sip:10.0.4.10:5080",
    caller: "203.0.113.10",
  },
  {
    // The host does not have the outer address, and nothing leads there.
    about: "a 1:1 NAT before it, as cloud hosts have",
    addresses: ["192.168.50.7"],
    network: { public_ip: "198.51.100.7", bind_ip: "192.168.50.7" },
    agent: "sip:127.0.0.3:5080",
    caller: "203.0.113.10",
  },
];

describe.each(worlds)("an edge with $about", ({ addresses, network, agent, caller }) => {
  let edge: DeployLab;
  beforeAll(async () => {
    edge = await openDeployLab({ addresses });
  });
  afterAll(() => edge.close());

  const configure = (...numbers: readonly string[]): void => {
    const trunk = {
      crew_id: "test",
      agents: { sarah: { uri: agent } },
      sip: {
        auth: { type: "ip_allowlist", allowed_ips: [caller] },
        inbound_routes: numbers.map((to_uri) => ({ match: { to_uri }, agent_id: "sarah" })),
      },
    };
    edge.configure(numbers, {}, { network, trunks: [trunk] });
  };

  test("is deployed and proven", async () => {
    configure("+14155551111");
    const first = await edge.deploy();
    expect(first, first.output).toMatchObject({ code: 0, data: { outcome: "deployed", generation: 1 } });
    expect(await edge.status()).toMatchObject({ state: "up", generation: 1, firewall: 1 });
  });

  test("keeps no media of a call that has ended, with its firewall loaded", async () => {
    // The proof of the next generation is a call, too; the relay itself would give it up only after a minute.
    configure("+14155551111", "+14155553333");
    expect(await edge.deploy()).toMatchObject({ code: 0 });
    await expect.poll(async () => (await edge.status()).media_sessions, { timeout: 5000 }).toBe(0);
  });

  test("changes to the next generation, which is proven beside it", async () => {
    configure("+14155551111", "+14155552222");
    const next = await edge.deploy();
    expect(next, next.output).toMatchObject({ code: 0, data: { generation: 3, previous: 2 } });
  });
});
