/** Every example on the older engine lines: served with a real call, or refused with a reason before anything starts. */
import { describe, expect, test } from "vitest";
import type { EngineLine, Model } from "../../src/model/model.ts";
import { compileExample, examples } from "../conformance/examples.ts";
import { authority } from "../lab/certificates.ts";
import { soon, startModel } from "../lab/edge.ts";
import { type Lab, withLab } from "../lab/netns.ts";
import { startAgent, startCaller } from "../lab/peers.ts";
import { secureOpus } from "../lab/secure-phone.ts";

/** Who calls whom in an example. */
interface Call {
  readonly from: string;
  readonly to: string;
  readonly agent: string;
  /** What the agent's INVITE holds. */
  readonly expects: RegExp;
  /** The only codec of the agent, by baresip's name; else it echoes what it gets, and has PCMU. */
  readonly speaks?: string;
}
const calls: Readonly<Record<string, Call>> = {
  "after-hours-to-humans": {
    from: "203.0.113.10:5060",
    to: "sip:2003@198.51.100.7:5060",
    agent: "10.0.4.20:5060",
    expects: /^X-Crew-Agent: reception\r?$/m,
  },
  quickstart: {
    from: "127.0.0.1:5070",
    to: "sip:+14155551111@127.0.0.1:5060",
    agent: "127.0.0.1:5090",
    expects: /^X-Crew-Agent: agent_sarah\r?$/m,
  },
  "office-inbound": {
    from: "203.0.113.10:5060",
    to: "sip:4155551111@198.51.100.7:5060",
    agent: "10.0.4.10:5080",
    expects: /^X-Crew-Agent: agent_sarah\r?$/m,
  },
  "two-providers-failover": {
    from: "203.0.113.50:5060",
    to: "sip:+14155551234@198.51.100.7:5060",
    agent: "10.0.4.10:5080",
    expects: /^X-Crew-Trunk: cheap\r?$/m,
  },
  "opus-agents-over-g711": {
    from: "203.0.113.10:5060",
    to: "sip:+14155551111@198.51.100.7:5060",
    agent: "10.0.4.10:5080",
    expects: /^a=rtpmap:\d+ opus\/48000\/2\r?$/m,
    speaks: "opus/48000/2",
  },
  "provider-register": {
    from: "203.0.113.50:5060",
    to: "sip:+14155551111@198.51.100.7:5060",
    agent: "10.0.4.10:5080",
    expects: /^X-Crew-Trunk: acme\r?$/m,
  },
};

/** Where TLS and SRTP are a must on both sides. */
const secureCalls: Readonly<Record<string, Omit<Call, "expects"> & { readonly answers: string }>> = {
  "provider-tls-register": {
    from: "203.0.113.50:5070",
    to: "sip:+14155551111@198.51.100.7:5061;transport=tls",
    agent: "10.0.4.10:5060",
    answers: "agent_sarah",
  },
};

/** Codes of the reasons for which a line does not serve an example; none where it does. */
const expected: Readonly<Record<string, Readonly<Record<"6.0" | "5.6", readonly string[]>>>> = {
  "after-hours-to-humans": { "6.0": [], "5.6": [] },
  quickstart: { "6.0": [], "5.6": [] },
  "office-inbound": { "6.0": [], "5.6": ["CREW3109"] },
  "two-providers-failover": { "6.0": [], "5.6": ["CREW3150", "CREW4201"] },
  "opus-agents-over-g711": { "6.0": [], "5.6": [] },
  "provider-register": { "6.0": [], "5.6": [] },
  "office-pbx": { "6.0": ["CREW4201"], "5.6": ["CREW4201", "CREW4202"] },
  "provider-tls-register": { "6.0": [], "5.6": ["CREW4201", "CREW4202"] },
  "digest-pbx": { "6.0": ["CREW4201"], "5.6": ["CREW4201", "CREW4202"] },
};

const older: readonly (EngineLine & ("6.0" | "5.6"))[] = ["6.0", "5.6"];

describe.each(older)("line %s", (line) => {
  test.each(examples)("%s", async (name) => {
    const { model, bundle, diagnostics } = await compileExample(name, line);
    const errors = new Set(diagnostics.filter((d) => d.severity === "error").map((d) => d.code));
    expect([...errors].sort()).toEqual(expected[name]?.[line]);
    if (bundle === undefined || model === undefined) return;
    if (secureCalls[name] !== undefined) return secureCall(model, secureCalls[name]);
    const call = calls[name];
    if (call === undefined) throw new Error(`this test does not know whom to call in ${name}`);
    const { public: at, agents } = model.edge.network;
    const own = [...new Set([at.v4 ?? "", agents.address])].filter((a) => !a.startsWith("127."));
    await withLab({ addresses: own }, async (lab) => {
      const edge = await startModel(lab, model);
      expect(edge.runtime.line).toBe(line);
      const { speaks } = call;
      const agent = await startAgent(
        lab,
        speaks === undefined
          ? { via: "sipp", at: call.agent }
          : { via: "baresip", at: call.agent, baresip: { codecs: [speaks] } },
      );
      // Line 5.6 transcodes nothing: there a caller has to have the agent's codec.
      const alike = speaks !== undefined && line === "5.6";
      const caller = await startCaller(
        lab,
        alike
          ? { via: "baresip", from: call.from, to: call.to, baresip: { codecs: [speaks] } }
          : { via: "sipp", from: call.from, to: call.to },
      );
      const result = await caller.call({ talkMs: 1200, expectHz: speaks === undefined ? 700 : 1100 });
      expect(result).toMatchObject({ answered: true, code: 200, heardTone: true });
      expect(agent.invites().map((m) => call.expects.test(m.text))).toEqual([true]);
      if (speaks !== undefined) expect((await agent.heard(700)).heard).toBe(true);
      await expect.poll(() => edge.records("ended"), soon).toMatchObject([{ by: "carrier" }]);
    });
  });
});

/** An edge whose certificate the lab issues; audio both ways. */
async function secureCall(model: Model, call: (typeof secureCalls)[string]): Promise<void> {
  const { public: at, agents } = model.edge.network;
  await withLab({ addresses: [at.v4 ?? "", agents.address] }, async (lab: Lab) => {
    const ca = await authority(lab);
    const own = await ca.issue([at.v4 ?? "", agents.address]);
    const tls = { at: "", certificate: own.certificate, private_key: own.key, ca: ca.ca };
    const network = { ...model.edge.network, tls };
    const edge = await startModel(lab, { ...model, edge: { ...model.edge, network } });
    const [agentHost = "", callerHost = ""] = [call.agent, call.from].map((a) => a.split(":")[0] ?? "");
    await startAgent(lab, {
      via: "baresip",
      at: call.agent,
      baresip: secureOpus(await ca.issue([agentHost])),
    });
    const { tls: files, mediaEncryption } = secureOpus(await ca.issue([callerHost]));
    const caller = await startCaller(lab, {
      via: "baresip",
      from: call.from,
      to: call.to,
      baresip: { ...(files === undefined ? {} : { tls: files }), mediaEncryption: mediaEncryption ?? "srtp" },
    });
    const result = await caller.call({ talkMs: 1500, expectHz: 1100 });
    expect(result).toMatchObject({ answered: true, heardTone: true });
    expect(edge.records("answered")).toMatchObject([{ agent: call.answers }]);
    await expect.poll(() => edge.records("ended"), soon).toMatchObject([{ by: "carrier" }]);
  });
}
