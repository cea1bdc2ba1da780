/** What the Kamailio target knows before it prints: switches, sockets and tables, each with the property it comes from. */
import type { JsonPointer } from "../../core/pointer.ts";
import type { CodecName, EngineLine, Transport } from "../../model/model.ts";

/** Which parts of the script this edge needs; a plain call pays for nothing else. */
export interface Switches {
  readonly tcp: boolean;
  /** Trunks that are known by networks, not only by single addresses. */
  readonly cidr: boolean;
  readonly digest: boolean;
  /** Digest trunks that differ in realm; in algorithm. */
  readonly realms: boolean;
  readonly mixedAlgorithms: boolean;
  /** Called numbers are completed to E.164. */
  readonly numbers: boolean;
  /** Entries of different kinds may take the same call, so that their places are compared. */
  readonly places: boolean;
  /** Exact entries share rows, as `KamailioDoc.grouping` says. */
  readonly grouped: boolean;
  /** Rules with further conditions; those that look at the caller. */
  readonly rules: boolean;
  readonly callers: boolean;
  /** Trunks whose country completes national forms. */
  readonly plan: boolean;
  readonly limits: boolean;
  /** Agents may call carriers; by outbound routes; carriers that are host names. */
  readonly outbound: boolean;
  readonly outboundRoutes: boolean;
  /** Routes that send inbound calls to numbers. */
  readonly forwards: boolean;
  readonly outboundNames: boolean;
  /** Trunks that register; with host names, whose addresses are learned; with a user that is not the trunk's name. */
  readonly registrations: boolean;
  readonly learnedRegistrars: boolean;
  readonly contactUsers: boolean;
  /** Addresses that are on the list of one trunk and where another one is registered. */
  readonly contactsAmongSources: boolean;
  /** Routes with a bound on ringing. */
  readonly ring: boolean;
  /** Media addresses that are learned. */
  readonly nat: boolean;
  /** Agents whose URI has a user part; agents named by host names. */
  readonly agentUsers: boolean;
  readonly hostAgents: boolean;
  /** Media towards the caller waits for the answer, since strangers can reach the callee's ports. */
  readonly block: boolean;
}

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

/** A network of a trunk. The group is the prefix length, so that longer prefixes are asked first. */
export interface NetworkRow {
  readonly at: JsonPointer;
  readonly address: string;
  readonly prefix: number;
  readonly trunk: string;
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

export interface KamailioDoc {
  readonly line: EngineLine;
  readonly edge: string;
  readonly has: Switches;
  readonly listeners: readonly Listener[];
  /** Host names that Request-URIs may carry. */
  readonly aliases: readonly { readonly at: JsonPointer; readonly host: string }[];
  /** Host part of the identity towards agents and of the OPTIONS that ask for them. */
  readonly identityHost: string;
  readonly agentsHost: string;
  /** All codecs that some trunk has. */
  readonly codecs: readonly CodecName[];
  /** A codec of fixed payload type that every agent gets from every trunk, where there is one. */
  readonly universal?: "PCMU" | "PCMA" | "G722";
  /** Of the first digest trunk: what a stranger is challenged with. */
  readonly realm?: string;
  readonly algorithm?: "MD5" | "SHA-256";
  /** How entries of a large route table share rows. */
  readonly grouping?: Grouping;
  readonly tables: readonly Table[];
  readonly networks: readonly NetworkRow[];
  readonly dispatcher: readonly DispatcherRow[];
}
