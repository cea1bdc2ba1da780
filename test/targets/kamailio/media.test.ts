/** What the tables tell the script of the codecs and of the encryption of two sides. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { lower } from "../../../src/targets/kamailio/lower/index.ts";

function doc(sip: object, agent: object = {}, engine = "6.1") {
  const trunk = {
    agents: { a: { uri: "sip:10.0.4.10:5080", ...agent } },
    sip: { inbound_routes: [{ match: { to_user: "main" }, agent_id: "a" }], ...sip },
  };
  const { value, diagnostics } = parseConfig({
    engine,
    trunks: [trunk],
    network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } },
  });
  const lowered = value === undefined ? undefined : lower(value).value;
  if (lowered === undefined) throw new Error(JSON.stringify(diagnostics));
  return lowered;
}
const rows = (lowered: ReturnType<typeof doc>, name: string) =>
  lowered.tables.find((t) => t.name === name)?.rows?.map((r) => r.value);
const named = (...names: string[]) => names.map((name) => ({ name }));

describe("codecs of a step", () => {
  const passed = "codec-strip-all codec-offer-PCMU codec-offer-telephone-event";
  it.each([
    [
      "the same",
      {},
      {},
      "1^a^p^0^codec-strip-all codec-except-PCMU codec-except-PCMA codec-except-opus codec-except-telephone-event",
    ],
    ["a subset of the agent's", { codecs: named("PCMU") }, { codecs: ["opus", "PCMU"] }, `1^a^p^0^${passed}`],
    [
      "more than the agent's",
      { codecs: named("PCMA", "PCMU") },
      { codecs: ["PCMU"] },
      `1^a^p^0^${passed}^80-0`,
    ],
    ["none in common", { codecs: named("G722", "PCMU") }, { codecs: ["opus"] }, "1^a^p^0^-^90-6"],
    ["always transcoded", { codecs: named("PCMU"), transcode: "always" }, {}, "1^a^p^0^-^0-0"],
    [
      "never transcoded",
      { codecs: named("PCMA", "PCMU"), transcode: "never" },
      { codecs: ["PCMU"] },
      `1^a^p^0^${passed}`,
    ],
  ])("%s", (_, sip, agent, row) => {
    const lowered = doc(sip, agent);
    expect(rows(lowered, "chain")).toEqual([row]);
    expect(lowered.has.transcode).toBe(/-[0689]+$/.test(row) && row.split("^").length > 5);
  });

  it("are none to transcode on line 5.6", () => {
    const lowered = doc({ codecs: named("PCMA", "PCMU") }, { codecs: ["PCMU"] }, "5.6");
    expect(rows(lowered, "chain")).toEqual([`1^a^p^0^${passed}`]);
    expect(lowered.has.transcode).toBe(false);
  });

  it("have a fast way only where all calls pass", () => {
    const codecs = named("PCMU", "opus");
    expect(doc({ codecs }).universal).toBe("PCMU");
    expect(doc({ codecs, transcode: "always" }).universal).toBeUndefined();
  });

  it("name the bandwidth of Opus where something is transcoded to it", () => {
    const codecs = [{ name: "PCMU" }, { name: "opus", sample_rate: 16000 }];
    const rate = "codec-transcode-opus/48000/2///maxplaybackrate--16000;sprop-maxcapturerate--16000";
    expect(rows(doc({ codecs }, { codecs: ["opus"] }), "opus")).toEqual([rate]);
    expect(rows(doc({ codecs }), "opus")).toBeUndefined();
  });
});

describe("encryption", () => {
  const chain = (agent: object, sip: object = {}) =>
    rows(doc({ codecs: named("PCMU"), ...sip }, agent), "chain");
  it("of an agent stands behind its codecs", () => {
    const flags = "codec-strip-all codec-offer-PCMU codec-offer-telephone-event";
    expect(chain({ media_encryption: "required" })).toEqual([`1^a^p^0^${flags}^^r`]);
    expect(chain({ media_encryption: "allowed", codecs: ["opus"] })).toEqual(["1^a^p^0^-^0-6^a"]);
  });

  it("of a trunk is a letter, and whether keys may cross in clear", () => {
    const keys = (sip: object, agent: object = {}) => rows(doc(sip, agent), "keys");
    expect(keys({ media_encryption: "required" })).toEqual(["r0"]);
    expect(keys({ media_encryption: "allowed", keys_over_clear_signalling: true })).toEqual(["a1"]);
    expect(keys({ keys_over_clear_signalling: true }, { media_encryption: "required" })).toEqual(["d1"]);
    expect(keys({}, { media_encryption: "required" })).toEqual([]);
    expect(keys({ keys_over_clear_signalling: true })).toBeUndefined();
  });
});
