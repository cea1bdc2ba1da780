import { expect, test } from "vitest";
import { buildBundle } from "../../../src/bundle/bundle.ts";
import { parseConfig } from "../../../src/model/parse.ts";
import { targets } from "../../../src/targets/registry.ts";

const auths = {
  address: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },
  password: { type: "digest", username: "pbx", password: { secret: "PBX_PASSWORD" } },
} as const;

/** The generated script of an edge with one trunk. */
function script(auth: object): string {
  const { value: model } = parseConfig({
    trunks: [
      {
        agents: { sarah: { uri: "sip:10.0.4.10:5080" } },
        sip: { auth, inbound_routes: [{ match: { to_user: "main" }, agent_id: "sarah" }] },
      },
    ],
    network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } },
  });
  const bundle = model === undefined ? undefined : buildBundle(model, targets, "0.0.0").value;
  return bundle?.artifacts.find((a) => a.path === "kamailio/kamailio.cfg")?.text ?? "";
}

test.each(Object.entries(auths))(
  "the numbers of sanity_check are the sum of what the comment above says: %s",
  (_, auth) => {
    const [, comment = "", checks, uris] =
      /((?:\t#.*\n)+)\tif \(!sanity_check\("(\d+)", "(\d+)"\)/.exec(script(auth)) ?? [];
    const sum = (text: string) => [...text.matchAll(/\((\d+)\)/g)].reduce((all, [, n]) => all + Number(n), 0);
    const [ofMessage = "", ofUris = ""] = comment.split(" 7: ");
    expect([sum(ofMessage), sum(ofUris)]).toEqual([Number(checks), Number(uris)]);
  },
);
