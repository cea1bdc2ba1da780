/** The config as types. Generated from src/model/schema by 'npm run gen'; do not edit. */

export interface WeightedUri {
  /** Where the agent listens, for example `sip:10.0.4.10:5080`. */
  readonly uri: string;
  /**
   * Lower numbers are tried first; equal ones share the load.
   *
   * @default 1
   */
  readonly priority?: number | undefined;
  /**
   * Share of the load among URIs of the same priority.
   *
   * @default 1
   */
  readonly weight?: number | undefined;
}

/** Reference to a secret that is bound at deployment and never enters an artifact. */
export interface SecretRef {
  /** Name of the environment variable, or of the entry in the secrets file, that holds the value at deployment. */
  readonly secret: string;
}

export interface Digest {
  /** The trunk is known by a user name and password (RFC 3261 section 22, RFC 8760). */
  readonly type: "digest";
  /** User name that the other end sends; unique on an edge. */
  readonly username: string;
  /** Password: `secret("NAME")`. */
  readonly password: SecretRef | string;
  /**
   * Realm of the challenge.
   *
   * @default the edge's `hostname`, else `crew`
   */
  readonly realm?: string | undefined;
  /**
   * Digest algorithm. `SHA-256` only where the peer can (Asterisk 22 can).
   *
   * @default `MD5`
   */
  readonly algorithm?: "MD5" | "SHA-256" | undefined;
}

/** A voice agent reachable by SIP. */
export interface Agent {
  /** Where the agent listens. Several URIs share the load and stand in for each other. */
  readonly uri: string | readonly (string | WeightedUri)[];
  /**
   * Codecs that the agent speaks, in its order.
   *
   * @default those of the trunk
   */
  readonly codecs?: readonly ("PCMU" | "PCMA" | "opus" | "G722")[] | undefined;
  /**
   * The agent's media address is not the one in its SDP: learn it from the first packets.
   *
   * @default false
   */
  readonly nat?: boolean | undefined;
  /**
   * SRTP towards the agent.
   *
   * @default `disabled`
   */
  readonly media_encryption?: "disabled" | "allowed" | "required" | undefined;
  /** Addresses from which this agent may place calls. */
  readonly allowed_ips?: readonly string[] | undefined;
  /** Digest credentials with which this agent may place calls. */
  readonly auth?: Digest | undefined;
}

/** What the trunk may use. A full trunk answers 503. */
export interface Limits {
  /**
   * Calls at the same time, ringing ones included.
   *
   * @default no limit
   */
  readonly calls?: number | undefined;
  /**
   * New calls in a second.
   *
   * @default no limit
   */
  readonly calls_per_second?: number | undefined;
}

export interface IpAllowlist {
  /** The trunk is known by the source address of its requests. */
  readonly type: "ip_allowlist";
  /** Addresses and networks (CIDR) that belong to the trunk. An empty list would refuse every call and is an error. */
  readonly allowed_ips: readonly string[];
}

/** Credentials that answer the provider's challenge. */
export interface OutboundAuth {
  /** User name at the provider. */
  readonly username: string;
  /** Password at the provider: `secret("NAME")`. */
  readonly password: SecretRef | string;
}

/** Calls from agents to the carrier side. */
export interface Outbound {
  /** The provider's SIP URI. */
  readonly uri: string;
  /**
   * Transport towards the provider.
   *
   * @default `udp`
   */
  readonly transport?: "udp" | "tcp" | "tls" | undefined;
  /** Credentials that answer the provider's challenge. */
  readonly auth?: OutboundAuth | undefined;
  /** Caller's number of outbound calls. */
  readonly caller_id?: string | undefined;
}

/** Conditions that must all hold. An empty match takes every call. */
export interface Match {
  /** Called user part, compared literally and case-sensitively. */
  readonly to_user?: string | undefined;
  /** Called number, compared in E.164; `country` on the trunk completes national forms. */
  readonly to_uri?: string | undefined;
  /** Start of the called number in E.164, for example `+1415`. */
  readonly to_prefix?: string | undefined;
  /** Caller's number, compared in E.164. */
  readonly caller?: string | undefined;
  /** Start of the caller's number in E.164, for example `+49`. */
  readonly caller_prefix?: string | undefined;
}

export interface Refusal {
  /** SIP status code of the refusal (RFC 3261 section 21). */
  readonly code: number;
  /**
   * Reason phrase.
   *
   * @default the usual one of the code
   */
  readonly reason?: string | undefined;
}

export interface ToAgent<AgentId extends string = string> {
  /** Id of one of the trunk's agents. */
  readonly agent_id: AgentId;
}

export interface ToRefusal {
  /** Refuse the call. */
  readonly refuse: Refusal;
}

export type NextChoice<AgentId extends string = string> = ToAgent<AgentId> | ToRefusal;

/** A rule that sends an inbound call to an agent or refuses it. The first rule that matches wins. */
export interface Route<AgentId extends string = string> {
  /** Conditions that must all hold. An empty match takes every call. */
  readonly match: Match;
  /** The agent that takes the call. */
  readonly agent_id?: AgentId | undefined;
  /** Refuse the call instead of giving it to an agent. */
  readonly refuse?: Refusal | undefined;
  /**
   * Seconds that an agent may ring before the next choice is tried.
   *
   * @default no bound but the caller's patience (180 s)
   */
  readonly ring_timeout?: number | undefined;
  /** What comes next, in order, where an agent cannot be reached or answers that it cannot take the call. */
  readonly on_failure?: readonly NextChoice<AgentId>[] | undefined;
}

export interface Codec {
  /** Codec by its RTP name (RFC 3551, RFC 7587): `PCMU` is G.711 μ-law, `PCMA` is G.711 A-law. */
  readonly name: "PCMU" | "PCMA" | "opus" | "G722";
  /**
   * Order of preference: the lowest number is offered first.
   *
   * @default place in the list
   */
  readonly priority?: number | undefined;
  /** Audio bandwidth asked of Opus, in Hz (RFC 7587 maxplaybackrate). SDP always says opus/48000/2. */
  readonly sample_rate?: 8000 | 12000 | 16000 | 24000 | 48000 | undefined;
}

export interface InboundHeader {
  /** Header of the INVITE from the carrier side. */
  readonly header: string;
  /** Variable that it becomes: the agent gets it as `X-Crew-Var-<variable>`. */
  readonly variable: string;
}

export interface OutboundHeader {
  /** Header of the INVITE towards the carrier side. */
  readonly header: string;
  /** Its value; `{{name}}` is filled from the agent's INVITE. */
  readonly value: string;
}

/** Headers that cross the edge, beyond the protocol's own. */
export interface CustomHeaders {
  /** Headers of the carrier side that agents get. */
  readonly inbound?: readonly InboundHeader[] | undefined;
  /** Headers that calls to the carrier side carry. */
  readonly outbound?: readonly OutboundHeader[] | undefined;
}

/** Where the caller's number comes from: P-Asserted-Identity, Remote-Party-ID, P-Preferred-Identity or From. */
export interface CallerId {
  /** Header that the caller's number is read from. */
  readonly source: "pai" | "rpid" | "ppi" | "from";
  /**
   * Header that is read where the first is missing.
   *
   * @default `from`
   */
  readonly fallback?: "pai" | "rpid" | "ppi" | "from" | undefined;
}

/** The SIP side of the trunk. */
export interface Sip<AgentId extends string = string> {
  /** How the other end proves who it is. Without it the trunk refuses every inbound call. */
  readonly auth?: IpAllowlist | Digest | undefined;
  /** Calls from agents to the carrier side. */
  readonly outbound?: Outbound | undefined;
  /** Where inbound calls go, first match wins. No match: 404. */
  readonly inbound_routes?: readonly Route<AgentId>[] | undefined;
  /**
   * Codecs of the trunk.
   *
   * @default PCMU, PCMA, opus
   */
  readonly codecs?: readonly Codec[] | undefined;
  /** Headers that cross the edge, beyond the protocol's own. */
  readonly custom_headers?: CustomHeaders | undefined;
  /** Where the caller's number comes from: P-Asserted-Identity, Remote-Party-ID, P-Preferred-Identity or From. */
  readonly caller_id?: CallerId | undefined;
  /**
   * SRTP towards the carrier side.
   *
   * @default `disabled`
   */
  readonly media_encryption?: "disabled" | "allowed" | "required" | undefined;
  /**
   * The other end's media address is not the one in its SDP: learn it from the first packets.
   *
   * @default true with digest, else false
   */
  readonly nat?: boolean | undefined;
}

export interface Pbx {
  /** Kind of PBX, for example `asterisk`. */
  readonly type: string;
  readonly [other: string]: unknown;
}

/** One relationship with a PBX or provider. */
export interface Trunk<AgentId extends string = string> {
  /**
   * Name of the trunk, unique on an edge; callers may dial `sip:{crew_id}@…`.
   *
   * @default `crew`
   */
  readonly crew_id?: string | undefined;
  /** The agents of this trunk by their id: what `agent_id` may name. */
  readonly agents?: { readonly [name: string]: Agent } | undefined;
  /** One SIP application that serves all agents and takes the agent's id as the user part; then any `agent_id` is good. */
  readonly agent_gateway?: string | undefined;
  /** Country of the trunk's numbers (ISO 3166-1 alpha-2): completes national forms to E.164. */
  readonly country?: string | undefined;
  /** What the trunk may use. A full trunk answers 503. */
  readonly limits?: Limits | undefined;
  /** The SIP side of the trunk. */
  readonly sip: Sip<AgentId>;
  /** PBXs at the other end whose configuration is generated too. */
  readonly pbx?: readonly Pbx[] | undefined;
}

export interface Addresses {
  /** IPv4 address. */
  readonly v4?: string | undefined;
  /** IPv6 address. */
  readonly v6?: string | undefined;
}

/** Ports of the carrier side. */
export interface CarrierPorts {
  /**
   * UDP port for carriers and PBXs, or false.
   *
   * @default 5060
   */
  readonly udp?: number | false | undefined;
  /**
   * TCP port for carriers and PBXs, or false.
   *
   * @default 5060, on engine 5.6 none
   */
  readonly tcp?: number | false | undefined;
  /**
   * TLS port for carriers and PBXs; needs `tls`.
   *
   * @default 5061 where there is a certificate
   */
  readonly tls?: number | false | undefined;
}

/** Address and ports of the agent side. */
export interface AgentPorts {
  /**
   * Address of the interface towards the agents.
   *
   * @default `bind_ip`
   */
  readonly address?: string | undefined;
  /**
   * UDP port for agents, or false.
   *
   * @default 5080
   */
  readonly udp?: number | false | undefined;
  /**
   * TCP port for agents, or false.
   *
   * @default 5080, on engine 5.6 none
   */
  readonly tcp?: number | false | undefined;
  /**
   * TLS port for agents.
   *
   * @default none
   */
  readonly tls?: number | false | undefined;
}

/** Certificate of the edge; the files stay on the edge. */
export interface TlsFiles {
  /** Path of the certificate chain (PEM) on the edge. */
  readonly certificate: string;
  /** Path of the private key (PEM) on the edge. */
  readonly private_key: string;
  /** Path of the CAs (PEM) that peers' certificates must come from. */
  readonly ca?: string | undefined;
}

/** Addresses and ports of the edge. */
export interface Network {
  /** Public host name of the edge. */
  readonly hostname?: string | undefined;
  /**
   * Address that peers see.
   *
   * @default 127.0.0.1
   */
  readonly public_ip?: string | Addresses | undefined;
  /**
   * Address of the interface, where it is not the public one (1:1 NAT).
   *
   * @default `public_ip`
   */
  readonly bind_ip?: string | Addresses | undefined;
  /** Ports of the carrier side. */
  readonly carrier?: CarrierPorts | undefined;
  /** Address and ports of the agent side. */
  readonly agents?: AgentPorts | undefined;
  /**
   * First and last UDP port for media; a call takes four.
   *
   * @default [10000, 20000]
   */
  readonly rtp?: readonly [number, number] | undefined;
  /** Certificate of the edge; the files stay on the edge. */
  readonly tls?: TlsFiles | undefined;
}

/** The host, or several alike, that runs the trunks. */
export interface Edge<AgentId extends string = string> {
  /**
   * Name of the edge.
   *
   * @default `edge`
   */
  readonly name?: string | undefined;
  /**
   * Engine line by its Kamailio version: `6.1` (current), `6.0` (Debian 13), `5.6` (Debian 12).
   *
   * @default `6.1`
   */
  readonly engine?: "6.1" | "6.0" | "5.6" | undefined;
  /** The trunks that this edge serves. */
  readonly trunks: readonly Trunk<AgentId>[];
  /** Addresses and ports of the edge. */
  readonly network?: Network | undefined;
}
