/** The features of the config, each with what it is for and the properties that belong to it. */

export interface Feature {
  readonly title: string;
  /** For somebody who knows either SIP or TypeScript. */
  readonly text: string;
  /** `Type.property`, or `Type.*` for all that no other feature names. */
  readonly properties: readonly string[];
}

export const features: readonly Feature[] = [
  {
    title: "The edge and its network",
    text: "An edge is the host that runs the engine: Kamailio for signalling, rtpengine for media, nftables as its firewall. It has a side for carriers and PBXs and a side for agents; the side of a message is the socket that it came in on. The carrier side may have IPv4 and IPv6 at once: each leg of a call then has media of the family that its signalling goes by. A config whose root is a trunk gets an edge on loopback, for trying things out.",
    properties: ["Edge.*", "Network.*", "Addresses.*", "CarrierPorts.*", "AgentPorts.*"],
  },
  {
    title: "TLS",
    text: "TLS listens only where the edge has a certificate. The files are on the edge and never part of a bundle. A certificate of the right authority with another name is refused before anything of a call is sent.",
    properties: ["Network.tls", "TlsFiles.*", "ClientCertificate.*"],
  },
  {
    title: "Trunks",
    text: "A trunk is one relationship with a PBX or a provider: who may call, where calls go, what is spoken. Its country completes numbers that are written in national form, so that routes and callers can be in E.164.",
    properties: ["Trunk.*"],
  },
  {
    title: "Agents",
    text: "An agent is a voice agent, or a telephone, that SIP reaches. Several addresses share calls by weight and stand in for each other by priority; the edge asks each of them by OPTIONS whether it is there, and does not wait for one that is not. The called number is the user of the Request-URI unless the agent's URI has one. The INVITE says in `X-Crew-Agent` which agent is called, in `X-Crew-Trunk` over which trunk, and in `X-Crew-Call-ID` the id under which the edge's records have the call.",
    properties: ["Trunk.agents", "Trunk.agent_gateway", "Agent.*", "AgentDigest.*", "WeightedUri.*"],
  },
  {
    title: "Who may call",
    text: "The trunk of a call follows from its source address, or from a digest password or a client certificate, and from nothing that the caller writes. Without digest trunks strangers get no answer at all; with them they get a challenge, for at most 20 new requests a second of one address and 500 a second of all together; what is beyond gets no answer. A call with a password is two such requests, so a PBX that places more than ten calls a second is better known by its address. An empty list of addresses is an error and never means everybody.",
    properties: ["Sip.auth", "IpAllowlist.*", "Digest.*"],
  },
  {
    title: "Inbound routes",
    text: "Routes are tried in the order of the file, and the first one that matches decides. A number is looked up in a table, however many there are; conditions on caller, prefix, pattern, header and hours are asked only where they stand before it. No route is a 404. `crew check` names every route that can never match.",
    properties: [
      ...[
        "Sip.inbound_routes",
        "Route.*",
        "Match.*",
        "HeaderEquals.*",
        "HeaderContains.*",
        "HeaderPresent.*",
      ],
      ...["Hours.*", "ToAgent.*", "ToNumber.*", "ToRefusal.*", "Refusal.*", "ForwardVia.*"],
      "ForwardToExtension.*",
    ],
  },
  {
    title: "Failover",
    text: "Where an agent cannot take a call, `on_failure` says who comes next. Codes that mean 'not here' go on, and so do silence for four seconds, a failed connection, and ringing for longer than `ring_timeout`; busy and declined are answers, and stop. A trunk may decide otherwise by code.",
    properties: ["Route.on_failure", "Route.ring_timeout", "Sip.failover", "Failover.*"],
  },
  {
    title: "Outbound calls",
    text: "Agents with a fixed address call numbers over the trunks that they belong to. The INVITE may name one of them, by `crew_id`, in `X-Crew-Trunk`; a trunk that is not the agent's is refused with 403. Without that header the edge's `outbound_routes` decide; an agent that none of them fits and that has several trunks gets 403 too. The trunk says which numbers it carries and in which form, who calls, and where its targets are: several share calls by weight and stand in for each other by priority. Our credentials answer only the provider and realm that they are for, and the agent learns nothing of a challenge.",
    properties: [
      ...["Sip.outbound", "Outbound.*", "OutboundAuth.*", "Edge.outbound_routes", "OutboundRoute.*"],
      "OutboundMatch.*",
    ],
  },
  {
    title: "Registration",
    text: "Some providers call an account where it has registered. The edge registers, renews and tells by `crew status` how that goes; calls over the registration are those of the trunk.",
    properties: ["Outbound.register", "Registration.*"],
  },
  {
    title: "PBXs that register",
    text: "A PBX without an address of its own, behind NAT for example, registers at the edge with the trunk's password. Callers that are forwarded to an extension of it, and agents that dial one, reach it where it registered from; the edge keeps the way there open. What is registered outlives a deployment, a crash and a stop of the edge.",
    properties: ["Digest.register", "ForwardToExtension.extension", "ForwardToExtension.via"],
  },
  {
    title: "Codecs and transcoding",
    text: "A codec that both sides have passes untouched, in the order of the callee. Only where they have none in common does the relay turn one into the other, which costs processor time for as long as the call lasts.",
    properties: ["Sip.codecs", "Codec.*", "Sip.transcode", "Agent.codecs"],
  },
  {
    title: "Custom headers",
    text: "A fixed list of protocol headers crosses the edge, and beside them what is named here; everything else is dropped. A header of the carrier becomes a variable, which the agent gets as `X-Crew-Var-<variable>`; the same header of an agent's INVITE fills `{{variable}}` in headers of outbound calls.",
    properties: ["Sip.custom_headers", "CustomHeaders.*", "InboundHeader.*", "OutboundHeader.*"],
  },
  {
    title: "Caller identity",
    text: "Whom the carrier vouches for stands in P-Asserted-Identity, in older systems in Remote-Party-ID. The agent gets the caller in From and P-Asserted-Identity, and whoever asks for privacy stays anonymous.",
    properties: ["Sip.caller_id", "CallerId.*"],
  },
  {
    title: "Encrypted media",
    text: "SRTP with keys in SDP (SDES, RFC 4568) for each side by itself: the relay decrypts and encrypts anew between them, with keys of its own for each. Keys cross only over TLS unless the config says otherwise in so many words.",
    properties: ["Sip.media_encryption", "Sip.keys_over_clear_signalling", "Agent.media_encryption"],
  },
  {
    title: "NAT",
    text: "Behind NAT the addresses in Contact and SDP are private ones. Requests within a call then go to where the peer's messages come from. The relay learns from the first packets where media comes from, and takes it from nowhere else afterwards; without NAT only the signalled address may send.",
    properties: ["Sip.nat", "Agent.nat"],
  },
  {
    title: "Digits",
    text: "Digits cross as telephone events in the audio stream (RFC 4733) or as SIP INFO.",
    properties: ["Sip.dtmf"],
  },
  {
    title: "Session timers",
    text: "A session timer (RFC 4028) ends a call whose other end has vanished without a BYE. The edge adds one where a caller sends none and refuses too short ones; the two ends refresh.",
    properties: ["Sip.session_timer", "SessionTimer.*"],
  },
  {
    title: "Transfer",
    text: "A REFER asks the other side to call somebody else instead. The edge does not call by itself: where a trunk says `pass`, the REFER crosses to the other side if it names one whom the trunk may call, and how that went is recorded.",
    properties: ["Sip.refer", "Sip.refer_to"],
  },
  {
    title: "Limits",
    text: "Limits count ringing calls too, for a trunk, for each direction of it, and with a reserve of media ports for the whole edge. A full trunk answers plain 503, or what the config says; counters outlive a deployment.",
    properties: ["Trunk.limits", "Limits.*", "LimitPair.*", "Network.rtp_reserve", "RtpReserve.*"],
  },
  {
    title: "PBXs",
    text: "The systems at the other end of a trunk.",
    properties: ["Trunk.pbx", "Pbx.*"],
  },
  {
    title: "Secrets",
    text: "A secret is a reference. Its value is bound by `crew deploy`, from the environment or a file, and enters no artifact, plan, log or message.",
    properties: ["SecretRef.*"],
  },
];
