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
  readonly tls?: {
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
}

export type TrunkAuth =
  | { readonly type: "none" }
  | { readonly type: "ip_allowlist"; readonly at: JsonPointer; readonly networks: readonly IpNetwork[] }
  | {
      readonly type: "digest";
      readonly at: JsonPointer;
      readonly username: string;
      readonly password: SecretSource;
      readonly realm: string;
      readonly algorithm: "MD5" | "SHA-256";
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
  readonly caller?: string;
  readonly caller_prefix?: string;
}

export type Destination =
  | { readonly at: JsonPointer; readonly type: "agent" /** Key of an AgentModel. */; readonly agent: string }
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

export interface TrunkModel {
  readonly at: JsonPointer;
  /** crew_id. */
  readonly id: string;
  readonly auth: TrunkAuth;
  readonly number_plan?: NumberPlan;
  /** In file order. */
  readonly routes: readonly RouteModel[];
  /** In order of preference. Never empty. */
  readonly codecs: readonly CodecModel[];
  readonly nat: boolean;
  readonly media_encryption: MediaEncryption;
  readonly limits: { readonly calls?: number; readonly calls_per_second?: number };
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
  readonly outbound?: {
    readonly at: JsonPointer;
    readonly uri: string;
    readonly transport: Transport;
    readonly caller_id?: string;
    readonly auth?: { readonly username: string; readonly password: SecretSource };
  };
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
  };
  /** Sorted by key. */
  readonly agents: readonly AgentModel[];
  /** Sorted by id. */
  readonly trunks: readonly TrunkModel[];
}
