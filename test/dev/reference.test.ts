import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/core/package.ts";
import { findingsByProperty } from "../../src/dev/generate/reference/findings.ts";
import { referencePage } from "../../src/dev/generate/reference/page.ts";
import { type ConfigSchema, objectTypes, propertyAt } from "../../src/dev/generate/reference/properties.ts";

const schema = JSON.parse(
  readFileSync(join(packageRoot(), "schemas/crew.config.schema.json"), "utf8"),
) as ConfigSchema;

const findings = findingsByProperty(schema);

test.each([
  ["/network/public_ip", "Network.public_ip"],
  ["/network/public_ip/v6", "Addresses.v6"],
  ["/trunks/0", "Edge.trunks"],
  ["/trunks/0/agents/sarah/uri/1/uri", "WeightedUri.uri"],
  ["/trunks/0/sip/auth/allowed_ips/0", "IpAllowlist.allowed_ips"],
  ["/trunks/0/sip/inbound_routes/0/on_failure/1/agent_id", "ToAgent.agent_id"],
  ["/trunks/0/sip/inbound_routes/0/on_failure/0/forward/via", "ForwardVia.via"],
  ["/trunks/0/sip/codecs/2/priority", "Codec.priority"],
  ["", undefined],
])("%s is %s", (pointer, property) => {
  const draft = {
    network: { public_ip: { v6: "::1" } },
    trunks: [
      {
        agents: { sarah: { uri: ["sip:10.0.4.10", { uri: "sip:10.0.4.11" }] } },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: ["x"] },
          inbound_routes: [{ on_failure: [{ forward: { number: "+1", via: "a" } }, { agent_id: "nobody" }] }],
          codecs: [{ name: "PCMU" }, { name: "PCMA" }, { name: "opus", priority: 1 }],
        },
      },
    ],
  };
  expect(propertyAt(schema, draft, pointer)).toBe(property);
});

test("a digest's password is the digest's, not another object's that has one too", () => {
  const draft = { sip: { auth: { type: "digest", username: "a", password: "b" } } };
  expect(propertyAt(schema, draft, "/sip/auth/password")).toBe("Digest.password");
});

test("every property has a row, and every finding that is about one a place that it links to", () => {
  const page = referencePage(schema);
  const rows = objectTypes(schema).reduce((n, t) => n + Object.keys(t.properties).length, 0);
  expect(page.match(/^\| `\w+` \|/gm)).toHaveLength(rows);
  for (const codes of findings.values())
    for (const code of codes) expect(page).toContain(`<a id="${code.toLowerCase()}"></a>${code}`);
});

test("what a property's findings are follows from wrong configs", () => {
  expect(findings.get("Codec.priority")).toEqual(["CREW2112"]);
  expect(findings.get("IpAllowlist.allowed_ips")).toContain("CREW2107");
});
