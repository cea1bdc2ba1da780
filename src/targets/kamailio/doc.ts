/** What the Kamailio target knows before it prints: switches, sockets and tables, each with the property it comes from. */
import type { JsonPointer } from "../../core/pointer.ts";
import type { CodecName, EngineLine, Transport } from "../../model/model.ts";

/** Which parts of the script this edge needs; a plain call pays for nothing else. */
export interface Switches {
  readonly tcp: boolean;
  readonly tls: boolean;
  /** Agents that are reached over TLS: what their certificates are for is looked at before anything is sent. */
  readonly tlsAgents: boolean;
  /** Some of them by host names. */
  readonly tlsNames: boolean;
  /** Carriers that may speak TLS; those that calls go to over it; registrars that are reached over it. */
  readonly tlsCarriers: boolean;
  readonly tlsOutbound: boolean;
  readonly tlsRegistrars: boolean;
  /** Trunks that are known by the certificate of the peer. */
  readonly certificates: boolean;
  /** Trunks or agents that are known by networks, not only by single addresses. */
  readonly cidr: boolean;
  readonly digest: boolean;
  /** Agents that place calls with a password; that differ in realm. */
  readonly agentDigest: boolean;
  readonly agentRealms: boolean;
  /** Agents that place calls from networks. */
  readonly agentNetworks: boolean;
  /** Digest trunks that differ in realm; these or agents, in algorithm. */
  readonly realms: boolean;
  readonly mixedAlgorithms: boolean;
  /** Called numbers are completed to E.164. */
  readonly numbers: boolean;
  /** Entries of different kinds may take the same call, so that their places are compared. */
  readonly places: boolean;
  /** Exact entries share rows, as `KamailioDoc.grouping` says. */
  readonly grouped: boolean;
  /** Exact entries that lie together stand in blocks. */
  readonly dense: boolean;
  /** Rules with further conditions; those that look at the caller. */
  readonly rules: boolean;
  readonly callers: boolean;
  /** Trunks whose country completes national forms. */
  readonly plan: boolean;
  /** The caller is more than From as it stands: other headers are asked, or its number is completed. */
  readonly identity: boolean;
  readonly sources: boolean;
  /** Headers of the carrier side that become variables. */
  readonly variables: boolean;
  /** Calls to the carrier side have headers of the config's own. */
  readonly headersOut: boolean;
  readonly limits: boolean;
  /** Trunks in whose calls the edge sends requests of its own: to end them, after a time or where media is dead, and digits. */
  readonly ends: boolean;
  /** Trunks whose digits change their form: INFO becomes telephone events; what agents send becomes INFO. */
  readonly dtmf: boolean;
  readonly digitsOut: boolean;
  /** Trunks whose calls may be transferred. */
  readonly refer: boolean;
  /** Limits of one direction of a trunk. */
  readonly directions: boolean;
  /** Media ports that one direction cannot take from the other. */
  readonly reserve: boolean;
  /** Calls to a carrier that wait for their second. */
  readonly paced: boolean;
  /** Agents may call carriers; by outbound routes; carriers that are host names. */
  readonly outbound: boolean;
  readonly outboundRoutes: boolean;
  /** Routes that send inbound calls to numbers. */
  readonly forwards: boolean;
  readonly outboundNames: boolean;
  /** Full trunks that answer something else than the usual; routes that refuse without asking anybody. */
  readonly responses: boolean;
  readonly refusals: boolean;
  /** Trunks that say which answers go on. */
  readonly failover: boolean;
  /** Sides that may have no codec in common and are transcoded; trunks that ask for a bandwidth of Opus. */
  readonly transcode: boolean;
  readonly rates: boolean;
  /** Sides whose media is, or may be, encrypted. */
  readonly srtp: boolean;
  /** PBXs may register here. */
  readonly registrar: boolean;
  /** Trunks that register; with host names, whose addresses are learned; with a user that is not the trunk's name. */
  readonly registrations: boolean;
  readonly learnedRegistrars: boolean;
  readonly contactUsers: boolean;
  /** Addresses that are on the list of one trunk and where another one is registered. */
  readonly contactsAmongSources: boolean;
  /** Routes with a bound on ringing. */
  readonly ring: boolean;
  /** Trunks whose calls get session timers. */
  readonly sessionTimers: boolean;
  /** Session-Expires where all trunks add the same, in seconds. */
  readonly usualInterval?: number;
  /** Media addresses that are learned. */
  readonly nat: boolean;
  /** Agents whose URI has a user part; agents named by host names. */
  readonly agentUsers: boolean;
  readonly hostAgents: boolean;
  /** Media towards the caller waits for the answer, since strangers can reach the callee's ports. */
  readonly block: boolean;
  /** The carrier side has IPv4 and IPv6. */
  readonly families: boolean;
}

/** A field of a rule; those behind `caller_prefix` are only there where some rule uses them. */
export type RuleField =
  | "place"
  | "chain"
  | "to_user"
  | "to_number"
  | "to_prefix"
  | "caller"
  | "caller_prefix"
  | "to_pattern"
  | "header"
  | "hours"
  | "not_hours";

export interface Listener {
  readonly at: JsonPointer;
  /** `carrier…` or `agents…`; unique. */
  readonly name: string;
  /** For the comment, for example `network › carrier › udp`. */
  readonly property: string;
  readonly transport: Transport;
  /** IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  /** What peers see, where it is another address. */
  readonly advertised?: string;
}

export interface Row {
  readonly key: string;
  /** An array: lines of one value. */
  readonly value: string | number | readonly string[];
  readonly at?: JsonPointer | undefined;
}

/** How the script finds the row of an entry, which it writes as `<lead><trunk>:<number or user>^`. */
export interface Grouping {
  /** By the last characters of the written entry, or by the first hex digits of its MD5 where they do not spread. */
  readonly by: "end" | "md5";
  readonly characters: number;
  /** Makes the shortest entry as long as what its row is found by. */
  readonly lead: string;
}

/** A table in Kamailio's shared memory, filled from data/ where it has rows of its own. */
export interface Table {
  readonly name: string;
  /** What a row is, for the comment. */
  readonly about: string;
  /** Slots as a power of two. */
  readonly bits: number;
  /** Absent: filled at run time only. */
  readonly rows?: readonly Row[];
  /** Seconds after which an entry that nobody touches goes. */
  readonly expire?: number;
  /** A missing entry counts as 0. */
  readonly counter?: boolean;
}

/** A network and whose it is. The group follows the prefix length, so that longer prefixes are asked first. */
export interface NetworkRow {
  readonly at: JsonPointer;
  readonly address: string;
  readonly prefix: number;
  readonly tag: string;
}

/** A target of an agent. */
export interface DispatcherRow {
  readonly at: JsonPointer;
  readonly set: number;
  readonly uri: string;
  readonly weight: number;
  /** `udp:10.0.4.1:5080`: what it is called from; empty where the edge has no socket of that transport. */
  readonly socket: string;
}

/** Certificate files of the edge, by their paths on it. */
export interface TlsFiles {
  readonly at: JsonPointer;
  readonly certificate: string;
  readonly privateKey: string;
  /** Whom peers' certificates must come from; absent: the CAs of the system, and clients are not asked for a certificate. */
  readonly ca?: string;
}

export interface KamailioDoc {
  readonly line: EngineLine;
  readonly edge: string;
  readonly has: Switches;
  readonly listeners: readonly Listener[];
  readonly tls?: TlsFiles;
  /** Host names that Request-URIs may carry. */
  readonly aliases: readonly { readonly at: JsonPointer; readonly host: string }[];
  /** Host part of the identity towards agents and of the OPTIONS that ask for them. */
  readonly identityHost: string;
  readonly agentsHost: string;
  /** All codecs that some trunk has. */
  readonly codecs: readonly CodecName[];
  /** A codec of fixed payload type that passes between every trunk and every agent, where there is one. */
  readonly universal?: "PCMU" | "PCMA" | "G722";
  /** Of the first agent with a password, as below. */
  readonly agentRealm?: string;
  readonly agentAlgorithm?: "MD5" | "SHA-256";
  /** Of the first digest trunk: what a stranger is challenged with. */
  readonly realm?: string;
  readonly algorithm?: "MD5" | "SHA-256";
  /** How entries of a large route table share rows. */
  readonly grouping?: Grouping;
  /** Characters of a code in a block of numbers, where there are blocks. */
  readonly codeWidth?: number;
  /** Fields of a row of `rule`. */
  readonly ruleFields: readonly RuleField[];
  /** The first year of the time zones' clocks, and after how many they begin anew; absent where no rule has hours. */
  readonly clock?: { readonly first: number; readonly cycle: number };
  readonly tables: readonly Table[];
  readonly networks: readonly NetworkRow[];
  readonly agentNetworks: readonly NetworkRow[];
  readonly dispatcher: readonly DispatcherRow[];
}
