/**
 * The Model: what a config means, independent of any target. Plain JSON, sorted, frozen; defaults in place, references
 * resolved, numbers in E.164, addresses canonical; no functions, no secrets, no lines. `at` is the JSON pointer of the
 * property in the config that a thing comes from; it never reaches an artifact.
 */
import type { JsonPointer } from "../core/pointer.ts";

export type EngineLine = "6.1" | "6.0" | "5.6";
export type Transport = "udp" | "tcp" | "tls";
export type CodecName = "PCMU" | "PCMA" | "opus" | "G722";
export type MediaEncryption = "disabled" | "allowed" | "required";
export type CallerHeader = "pai" | "rpid" | "ppi" | "from";
export type Transcode = "auto" | "always" | "never";
export type Dtmf = "rfc4733" | "info" | "auto";
export type Refer = "off" | "pass";
export type NumberFormat = "e164" | "digits" | "national" | "international";
export type Day = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/** Where a secret is found at deployment: by name in the environment or secrets file, or at a place of the config. */
export type SecretSource = { readonly name: string } | { readonly pointer: JsonPointer };

export interface AddressPair {
  /** Canonical dotted quad. */
  readonly v4?: string;
  /** Canonical RFC 5952 text, no brackets. */
  readonly v6?: string;
}

export interface IpNetwork {
  readonly at: JsonPointer;
  /** Canonical address with host bits cleared. */
  readonly address: string;
  /** 0 to 32, or 0 to 128. */
  readonly prefix: number;
  readonly family: 4 | 6;
}

export interface PortSet {
  readonly udp?: number;
  readonly tcp?: number;
  readonly tls?: number;
}

export interface NetworkModel {
  readonly at: JsonPointer;
  readonly hostname?: string;
  /** What peers see and what goes into SIP and SDP. At least one family. */
  readonly public: AddressPair;
  /** What sockets bind to on the carrier side. Same families as `public`. */
  readonly bind: AddressPair;
  readonly carrier: PortSet;
  readonly agents: PortSet & { readonly address: string };
  /** First and last UDP port for media. */
  readonly rtp: readonly [number, number];
  /** Calls of a direction that keep their ports. */
  readonly rtp_reserve?: { readonly inbound: number; readonly outbound: number };
  readonly tls?: {
    /** The network section where it is the default. */
    readonly at: JsonPointer;
    readonly certificate: string;
    readonly private_key: string;
    readonly ca?: string;
  };
}

export interface AgentTarget {
  readonly at: JsonPointer;
  /** User part of the Request-URI; absent: the called number. */
  readonly user?: string;
  /** Canonical address or lower-case host name; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly transport: Transport;
  /** Lower first; equal ones share the load. */
  readonly priority: number;
  /** Share of the load within a priority, 1 to 100. */
  readonly weight: number;
}

export interface AgentModel {
  readonly at: JsonPointer;
  /** Unique in the Model: the id, or `<trunk>/<id>` where trunks give the same id different agents. */
  readonly key: string;
  /** As in the config; goes into X-Crew-Agent. */
  readonly id: string;
  /** Sorted by priority, then as written. Never empty. */
  readonly targets: readonly AgentTarget[];
  /** The agent's own list, in its order; absent: the trunk's. */
  readonly codecs?: readonly CodecName[];
  readonly nat: boolean;
  readonly media_encryption: MediaEncryption;
  /** Networks beside the literal addresses of `targets` from which the agent may place calls. */
  readonly allowed_ips: readonly IpNetwork[];
  /** Credentials with which the agent may place calls from anywhere. */
  readonly auth?: DigestModel;
}

/** Credentials that a peer proves itself with. */
export interface DigestModel {
  readonly at: JsonPointer;
  readonly username: string;
  readonly password: SecretSource;
  readonly realm: string;
  readonly algorithm: "MD5" | "SHA-256";
}

export type TrunkAuth =
  | { readonly type: "none" }
  | { readonly type: "ip_allowlist"; readonly at: JsonPointer; readonly networks: readonly IpNetwork[] }
  | (DigestModel & {
      readonly type: "digest";
      /** May register a contact; calls to a trunk without `outbound` go there. */
      readonly register: boolean;
    })
  | {
      readonly type: "client_certificate";
      readonly at: JsonPointer;
      /** Subject alternative name (DNS) that the peer's certificate must have, in lower case. */
      readonly name: string;
    };

export interface CodecModel {
  readonly at: JsonPointer;
  readonly name: CodecName;
  /** Opus only, in Hz. */
  readonly sample_rate?: number;
}

/** All given conditions must hold; none given takes every call. Numbers are E.164 with `+`. */
export interface MatchModel {
  readonly to_user?: string;
  readonly to_number?: string;
  readonly to_prefix?: string;
  /**
   * POSIX extended regular expression without anchors that the whole called user must match; holds no `^`, quote or
   * backslash. Where it has alternatives at the top, it stands in parentheses.
   */
  readonly to_pattern?: string;
  readonly caller?: string;
  readonly caller_prefix?: string;
  /** All must hold. Never empty. */
  readonly headers?: readonly HeaderCondition[];
  /** One of them must hold. Never empty. */
  readonly hours?: readonly HoursModel[];
  /** None of them may hold. Never empty. */
  readonly not_hours?: readonly HoursModel[];
}

/** What a header of the INVITE must be; values are compared letter by letter and hold no `^`, quote or backslash. */
export type HeaderCondition =
  | { readonly at: JsonPointer; readonly name: string; readonly test: "present" }
  | {
      readonly at: JsonPointer;
      readonly name: string;
      readonly test: "equals" | "contains";
      readonly value: string;
    };

/** A part of the week on the clocks of a time zone, within days: what goes on past midnight is two of these. */
export interface HoursModel {
  readonly at: JsonPointer;
  /** IANA name. */
  readonly time_zone: string;
  /** Monday first. Never empty. */
  readonly days: readonly Day[];
  /** First minute, counted from midnight. */
  readonly from: number;
  /** First minute that no longer belongs, at most 1440. */
  readonly to: number;
}

/** The clocks of a time zone. */
export interface TimeZoneModel {
  /** IANA name. */
  readonly name: string;
  /** 28 of them in a row, after which dates fall on the same days of the week again: later years repeat these. */
  readonly years: readonly YearModel[];
}

export interface YearModel {
  readonly year: number;
  /** Minutes ahead of UTC when the year begins there. */
  readonly offset: number;
  /** In order. */
  readonly changes: readonly {
    /** `MMDDhhmm` of UTC: month, day, hour and minute from which the offset counts. */
    readonly at: string;
    readonly offset: number;
  }[];
}

export type Destination =
  | { readonly at: JsonPointer; readonly type: "agent" /** Key of an AgentModel. */; readonly agent: string }
  | {
      readonly at: JsonPointer;
      readonly type: "forward";
      /** E.164, or an extension of a PBX. */
      readonly number: string;
      readonly extension?: true;
      /** Id of the trunk that carries the call. */
      readonly via: string;
    }
  | { readonly at: JsonPointer; readonly type: "refuse"; readonly code: number; readonly reason: string };

export interface RouteModel {
  readonly at: JsonPointer;
  /** Place in file order, from 0: the lowest index that matches wins. */
  readonly index: number;
  /** How artifacts and logs name the rule, for example `inbound_routes › +14155551111`. */
  readonly label: string;
  readonly match: MatchModel;
  /** First choice, then `on_failure` in order. Never empty. */
  readonly destinations: readonly Destination[];
  /** Seconds; absent: no bound of its own. */
  readonly ring_timeout?: number;
}

/** How national forms of a country become E.164. */
export interface NumberPlan {
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** Country calling code, digits only. */
  readonly calling_code: string;
  /** What is dialled before an international number, for example `00` or `011`; never empty. */
  readonly international_prefix: string;
  /** What is dialled before a national number, for example `0` or `1`; empty where there is none. */
  readonly national_prefix: string;
}

/** One address of a provider. */
export interface OutboundTarget {
  readonly at: JsonPointer;
  /** Canonical address or lower-case host name; IPv6 without brackets. */
  readonly host: string;
  /** Absent where a host name comes without a port: DNS says (SRV, RFC 3263). */
  readonly port?: number;
  readonly transport: Transport;
  /** Lower first; equal ones share the load. */
  readonly priority: number;
  /** Share of the load within a priority, 1 to 100. */
  readonly weight: number;
}

/** A number in E.164. */
export interface NumberEntry {
  readonly at: JsonPointer;
  readonly number: string;
}

/** The start of numbers in E.164; `+` alone is every number. */
export interface PrefixEntry {
  readonly at: JsonPointer;
  readonly prefix: string;
}

/** Our registration with a provider. */
export interface RegistrationModel {
  readonly at: JsonPointer;
  readonly registrar: Pick<OutboundTarget, "host" | "port" | "transport">;
  /** Seconds. */
  readonly expires: number;
  /** User part of our Contact. */
  readonly contact_user: string;
}

/** Calls from agents to the carrier side. */
export interface OutboundModel {
  readonly at: JsonPointer;
  /** Sorted by priority, then as written. Never empty. */
  readonly targets: readonly OutboundTarget[];
  readonly auth?: {
    readonly at: JsonPointer;
    readonly username: string;
    readonly password: SecretSource;
    /** Challenges of other realms are not answered; absent: any realm of the provider. */
    readonly realm?: string;
  };
  /** E.164; takes the place of every caller that is not in `caller_ids`. */
  readonly caller_id?: string;
  /** Callers that an agent may choose, sorted. */
  readonly caller_ids: readonly NumberEntry[];
  readonly number_format: NumberFormat;
  /** Whether URIs that hold a number say `;user=phone`. */
  readonly user_phone: boolean;
  /** Sorted. Never empty; an entry at `at` of the outbound section is the default. */
  readonly allowed_destinations: readonly PrefixEntry[];
  /** Sorted; wins over `allowed_destinations`. */
  readonly denied_destinations: readonly PrefixEntry[];
  readonly register?: RegistrationModel;
}

export interface LimitPair {
  /** Calls at the same time, ringing ones included. */
  readonly calls?: number;
  /** New calls in a second. */
  readonly calls_per_second?: number;
}

/** What a trunk may use: both directions together, and each. */
export interface LimitsModel extends LimitPair {
  readonly inbound: LimitPair;
  readonly outbound: LimitPair;
  /** Longest call, in minutes. */
  readonly call_minutes?: number;
  /** Longest time without media, in seconds. */
  readonly media_timeout?: number;
  /** What a full trunk answers. */
  readonly response: { readonly code: number; readonly reason: string };
}

export interface SessionTimerModel {
  readonly at: JsonPointer;
  /** Session-Expires that the edge adds where there is none, in seconds. */
  readonly expires: number;
  /** Min-SE, in seconds. */
  readonly min: number;
}

export interface TrunkModel {
  readonly at: JsonPointer;
  /** crew_id. */
  readonly id: string;
  readonly auth: TrunkAuth;
  readonly number_plan?: NumberPlan;
  /** Keys of its agents, sorted: who may be called, and who may place calls over it. */
  readonly agents: readonly string[];
  /** In file order. */
  readonly routes: readonly RouteModel[];
  /** In order of preference. Never empty. */
  readonly codecs: readonly CodecModel[];
  readonly nat: boolean;
  readonly media_encryption: MediaEncryption;
  /** Keys of SRTP may cross the network in SDP without TLS. */
  readonly keys_over_clear_signalling: boolean;
  readonly transcode: Transcode;
  readonly dtmf: Dtmf;
  readonly refer: Refer;
  /** Starts of numbers in E.164, and whole users; absent: what `outbound` allows. Sorted. */
  readonly refer_to?: readonly string[];
  /** Absent: the edge adds no session timer. At `sip` where it is the default. */
  readonly session_timer?: SessionTimerModel;
  /** SIP codes that override which failures go on to the next choice; sorted. */
  readonly failover: { readonly continue_on: readonly number[]; readonly stop_on: readonly number[] };
  readonly limits: LimitsModel;
  readonly caller_id: { readonly source: CallerHeader; readonly fallback: CallerHeader };
  readonly inbound_headers: readonly {
    readonly at: JsonPointer;
    readonly header: string;
    readonly variable: string;
  }[];
  readonly outbound_headers: readonly {
    readonly at: JsonPointer;
    readonly header: string;
    readonly value: string;
  }[];
  readonly outbound?: OutboundModel;
}

/** A rule that says over which trunks an agent's call goes. */
export interface OutboundRouteModel {
  readonly at: JsonPointer;
  /** Place in file order, from 0: the lowest index that matches wins. */
  readonly index: number;
  /** How artifacts and logs name the rule, for example `outbound_routes › +49*`. */
  readonly label: string;
  /** All given conditions must hold; none given takes every call. */
  readonly match: {
    /** E.164. */
    readonly to_number?: string;
    readonly to_prefix?: string;
    /** Keys of the agents that have the id, sorted. */
    readonly agents?: readonly string[];
  };
  /** Ids of trunks in the order in which they are tried. Never empty. */
  readonly via: readonly string[];
}

export interface Model {
  readonly model_version: 1;
  readonly edge: {
    readonly at: JsonPointer;
    readonly name: string;
    readonly engine: EngineLine;
    /** True where the config exports bare trunks and crew supplied a loopback edge. */
    readonly implied: boolean;
    readonly network: NetworkModel;
    /** In file order. */
    readonly outbound_routes: readonly OutboundRouteModel[];
  };
  /** Sorted by key. */
  readonly agents: readonly AgentModel[];
  /** Sorted by id. */
  readonly trunks: readonly TrunkModel[];
  /** Those that hours of routes name, sorted by name. */
  readonly time_zones: readonly TimeZoneModel[];
}
