/**
 * Voice agents that speak nothing but Opus, and carriers that know nothing but G.711. The edge turns one into the other, in both
 * directions, and digits keep their length though the two sides count time by different clocks (8000 and 48,000 a second).
 * Callers who have Opus themselves are passed through untouched.
 */
import { defineAgents, defineEdge, defineTrunk } from "crew";

const agents = defineAgents({
  // A speech model that wants wide-band audio where there is any.
  agent_sarah: { uri: "sip:10.0.4.10:5080", codecs: ["opus"] },
  // The people behind it have telephones: G.722 where the caller has it, else what every telephone has.
  human: { uri: "sip:10.0.4.20:5060", codecs: ["G722", "PCMU"] },
});

const carrier = defineTrunk({
  crew_id: "carrier",
  agents,
  country: "US",
  // Transcoding costs processor time for as long as a call lasts: a bound keeps the sound of all calls good.
  limits: { calls: 40, response: { code: 486, reason: "All Lines Busy" } },
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },
    codecs: [
      // Where the edge is the one that offers it, it asks for 16 kHz, which is as much as the model hears.
      { name: "opus", priority: 1, sample_rate: 16000 },
      { name: "G722", priority: 2 },
      { name: "PCMU", priority: 3 },
      { name: "PCMA", priority: 4 },
    ],
    // The default, in so many words: only where the two sides have no codec in common.
    transcode: "auto",
    inbound_routes: [
      { match: { to_uri: "+14155551111" }, agent_id: "agent_sarah", on_failure: [{ agent_id: "human" }] },
      { match: { to_user: "operator" }, agent_id: "human" },
    ],
  },
});

export default defineEdge({
  name: "voice",
  trunks: [carrier],
  network: {
    public_ip: "198.51.100.7",
    agents: { address: "10.0.4.1" },
    rtp: [10000, 10999],
  },
});
