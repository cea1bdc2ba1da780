/** A reserve of media ports that its range has no room for. */
import { expect, test } from "vitest";
import { runChecks } from "../../src/checks/index.ts";
import { parseConfig } from "../../src/model/parse.ts";

const found = (rtp_reserve: object, sip: object = {}): readonly string[] => {
  const { value, diagnostics } = parseConfig({
    network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" }, rtp: [30000, 30023], rtp_reserve },
    trunks: [
      {
        agents: { a: { uri: "sip:10.0.4.10:5080" } },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },
          inbound_routes: [{ match: { to_user: "main" }, agent_id: "a" }],
          ...sip,
        },
      },
    ],
  });
  if (value === undefined) throw new Error(JSON.stringify(diagnostics));
  return runChecks(value).flatMap((d) => (d.code === "CREW3113" ? [`${d.pointer} ${d.message}`] : []));
};

test("both directions together fit the range", () => {
  expect(found({ inbound: 4, outbound: 2 })).toEqual([]);
  expect(found({ outbound: 5 })).toEqual([]);
  expect(found({ inbound: 4, outbound: 3 })).toEqual([
    "/network/rtp_reserve The 24 ports 30000 to 30023 have room for 6 calls, but 7 are reserved.",
  ]);
});

test("a reserve of the whole range leaves calls of the other direction nothing", () => {
  const all = "/network/rtp_reserve The 24 ports 30000 to 30023 have room for 6 calls, all of them reserved";
  const outbound = { uri: "sip:203.0.113.10", allowed_destinations: ["+1"], caller_id: "+14155550100" };
  expect(found({ outbound: 6 })).toEqual([`${all}: no inbound call could ever be made.`]);
  expect(found({ inbound: 6 })).toEqual([]);
  expect(found({ inbound: 6 }, { outbound })).toEqual([`${all}: no outbound call could ever be made.`]);
  expect(found({ inbound: 6, outbound: 6 }, { outbound })).toEqual([
    "/network/rtp_reserve The 24 ports 30000 to 30023 have room for 6 calls, but 12 are reserved.",
  ]);
});
