/**
 * A provider that takes nothing in the clear: the edge registers over TLS, signalling and media are encrypted in both directions,
 * and an agent that speaks Opus over TLS is called as it likes. Before any of it the peer has to prove by its certificate that
 * it is the one that stands here; who cannot gets no number and no key.
 */
import { defineAgents, defineEdge, defineTrunk, secret } from "crew";

const agents = defineAgents({
  // Its certificate is for this address, and comes from the company's own CA.
  agent_sarah: {
    uri: "sip:10.0.4.10:5061;transport=tls",
    codecs: ["opus"],
    media_encryption: "required",
  },
  // In the same rack: plain, and called where the first one does not answer.
  agent_marcus: { uri: "sip:10.0.4.11:5080" },
});

const provider = defineTrunk({
  crew_id: "acme",
  agents,
  country: "US",
  sip: {
    outbound: {
      // DNS says which hosts serve the name (SRV); all of them show a certificate for it.
      uri: "sip:sip.provider.example",
      transport: "tls",
      register: { expires: 600 },
      auth: { username: "acme-4711", password: secret("PROVIDER_PASSWORD"), realm: "provider.example" },
      caller_id: "+14155551111",
      allowed_destinations: ["+1"],
      denied_destinations: ["+1900"],
    },
    // Calls over the registration come from addresses that answered to it, or from the provider's network.
    auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.48/29"] },
    inbound_routes: [
      {
        match: { to_uri: "+14155551111" },
        agent_id: "agent_sarah",
        on_failure: [{ agent_id: "agent_marcus" }],
      },
    ],
    codecs: [{ name: "PCMU" }, { name: "PCMA" }],
    // SRTP with keys in SDP (SDES): offers without are refused, and calls out are offered nothing else.
    media_encryption: "required",
    caller_id: { source: "pai" },
  },
});

export default defineEdge({
  name: "encrypted",
  trunks: [provider],
  network: {
    hostname: "sip.acme.example",
    public_ip: "198.51.100.7",
    agents: { address: "10.0.4.1" },
    tls: {
      certificate: "/etc/crew/edge.pem",
      private_key: "/etc/crew/edge.key",
      // The provider's CA and the company's own, one behind the other.
      ca: "/etc/crew/peers-ca.pem",
    },
  },
});
