/** Every engine line boots what it can serve, and carries a call. */
import { describe, expect, test } from "vitest";
import { headerValues } from "../../../src/phone/message.ts";
import { bodyOf, sdp } from "../../e2e/kit/message.ts";
import { sessionLabel } from "../../e2e/kit/session-label.ts";
import { soon, startEdge } from "../../lab/edge.ts";
import { withLab } from "../../lab/netns.ts";
import { agentSide, answer, carrierSide, half, invite, loopbackEdge, within } from "./calls.ts";

const everything = {
  country: "US",
  limits: { calls: 1, calls_per_second: 50, inbound: { calls: 5 } },
  agents: {
    sarah: { uri: ["sip:127.0.0.3:5080", { uri: "sip:127.0.0.4:5080", priority: 2, weight: 3 }] },
    marcus: { uri: "sip:desk@127.0.0.5:5080;transport=tcp", nat: true, codecs: ["PCMA"] },
    wide: { uri: "sip:127.0.0.7:5080", codecs: ["opus"] },
    named: { uri: "sip:127.0.0.6:5082" },
  },
};
const routes = {
  outbound: {
    uri: [{ uri: "sip:127.0.0.9:5060", weight: 2 }, "sip:carrier.invalid"],
    auth: { username: "acme", password: { secret: "P" } },
    number_format: "national",
    caller_id: "+14155551234",
    allowed_destinations: ["+1"],
  },
  auth: { type: "ip_allowlist", allowed_ips: ["127.0.0.2", "127.0.8.0/24", "127.0.8.128/25"] },
  inbound_routes: [
    { match: { to_uri: "+14155551111" }, agent_id: "sarah", on_failure: [{ agent_id: "marcus" }] },
    { match: { to_user: "0" }, agent_id: "named", ring_timeout: 20 },
    { match: { to_prefix: "+1415556", caller_prefix: "+49" }, agent_id: "sarah" },
    { match: { to_prefix: "+1415556" }, agent_id: "marcus" },
    { match: { to_prefix: "+1415557" }, forward: "+14155550177" },
    { match: { to_user: "wide" }, agent_id: "wide" },
  ],
  caller_id: { source: "pai", fallback: "rpid" },
  custom_headers: {
    inbound: [{ header: "X-Customer-ID", variable: "customer_id" }],
    outbound: [{ header: "X-Campaign-ID", value: "no. {{campaign_id}}" }],
  },
};
const digestTrunk = (id: string, algorithm: string) => ({
  crew_id: id,
  agents: { sarah: { uri: "sip:127.0.0.3:5080" } },
  sip: {
    auth: { type: "digest", username: id, password: { secret: "P" }, realm: `${id}.example`, algorithm },
    inbound_routes: [{ match: { to_user: "desk" }, agent_id: "sarah" }],
  },
});

describe.each(["6.1", "6.0", "5.6"] as const)("engine %s", (engine) => {
  test("boots all that there is and carries a call under its limit", { timeout: 180_000 }, () =>
    withLab({}, async (lab) => {
      const base = loopbackEdge(everything, routes) as { trunks: object[]; network: object };
      const mixed = engine === "5.6" ? [] : [digestTrunk("other", "SHA-256")];
      const draft = { ...base, engine, trunks: [...base.trunks, digestTrunk("branch", "MD5"), ...mixed] };
      const edge = await startEdge(lab, draft, {
        digests: [{ trunk: "branch", username: "branch", realm: "branch.example", ha1: "0".repeat(32) }],
      });
      const caller = await half(lab, "127.0.0.2", 5070, carrierSide);
      const agent = await half(lab, "127.0.0.3", 5080, agentSide);
      const call = await invite(caller, agent, {
        uri: `sip:4155551111@${carrierSide.address}`,
        headers: [
          "P-Asserted-Identity: <tel:+1-415-555-0112>",
          'P-Asserted-Identity: "Ann Lee" <sip:4155550111@127.0.0.2>',
          "X-Customer-ID: a\r\n b",
        ],
      });
      expect(headerValues(call.got, "From")[0]).toMatch(/^"Ann Lee" <sip:\+14155550111@127\.0\.0\.10>/);
      expect(headerValues(call.got, "X-Crew-Var-customer_id")).toEqual(["a b"]);
      expect(call.got).toMatch(/^INVITE sip:\+14155551111@127\.0\.0\.3:5080 /);
      expect(bodyOf(call.got)).toContain("c=IN IP4 127.0.0.20");
      await agent.send(answer(agent, call.got, "200 OK"));
      const ok = await caller.next(call.callId, 200);
      expect(bodyOf(ok)).toContain("c=IN IP4 127.0.0.10");
      await caller.send(within(caller, call, ok, "ACK", 1));
      await agent.next(call.callId, "ACK");
      await caller.send(within(caller, call, ok, "UPDATE", 2, { body: sdp("127.0.0.2", 17008) }));
      const update = await agent.next(call.callId, "UPDATE");
      expect(bodyOf(update)).toContain("c=IN IP4 127.0.0.20");

      // The only call that the trunk may have is up.
      await expect(invite(caller, agent)).rejects.toThrow();
      await expect
        .poll(() => edge.records("refused").at(-1), soon)
        .toMatchObject({ trunk: "acme", reason: "calls", code: 503 });
      // What a process that starts is told of it, and of a call that is gone.
      const kamcmd = async (...args: string[]): Promise<string> => {
        const socket = `unix:${edge.folder}/private/ctl.sock`;
        return (await lab.exec(edge.runtime.command("kamcmd", ["-s", socket, ...args]))).output;
      };
      const counted = async (): Promise<readonly string[]> =>
        [...(await kamcmd("htable.dump", "count")).matchAll(/value: (\d+)/g)].map((m) => m[1] ?? "");
      expect(await sessionLabel(lab, call.callId)).toMatch(/^acme\.inbound\/\w+$/);
      const session = `${call.callId}|${(await sessionLabel(lab, call.callId)).split("/")[1]}`;
      await kamcmd("evrexec.run", "crew:restore", `${session} acme.inbound\nother|tag acme.inbound`);
      expect(await counted()).toEqual(["2", "2"]);
      await kamcmd("evrexec.run", "crew:release", "other|tag\nunknown|tag");
      expect(await counted()).toEqual(["1", "1"]);
      await caller.send(within(caller, call, ok, "BYE", 3));
      const bye = await agent.next(call.callId, "BYE");
      await agent.send(answer(agent, bye, "200 OK"));
      await caller.next(call.callId, 200);
      const next = await invite(caller, agent);
      expect(next.got).toContain("X-Crew-Trunk: acme");

      const inside = await half(lab, "127.0.8.200", 5070, carrierSide);
      const refused = await inside.peer.silent(300);
      expect(refused).toBe(true);
      expect(edge.kamailio.lines.filter((l) => /ERROR: (?!crew-|rtpengine)/.test(l))).toEqual([]);
    }),
  );
});
