/** What the firewall of an edge decides, before it is text. */
import type { JsonPointer } from "../../core/pointer.ts";

/** Addresses that pass, of one property of the config. */
export interface AllowedGroup {
  /** As comments name the property. */
  readonly property: string;
  readonly networks: readonly {
    readonly at: JsonPointer;
    readonly family: 4 | 6;
    readonly address: string;
    readonly prefix: number;
  }[];
}

export interface Socket {
  readonly at: JsonPointer;
  readonly property: string;
  readonly protocol: "udp" | "tcp";
  readonly address: string;
  readonly port: number;
}

/** How much an unknown source may send where a side is open; IPv6 sources count by /64. */
export interface Rate {
  readonly packetsPerSecond: number;
  readonly connectionsPerSecond: number;
  /** The one TCP port that is open; absent: all of the side, UDP too. */
  readonly port?: number;
}

/** Who may speak to the sockets of one side. */
export interface Side {
  /** Name of its chain. */
  readonly name: "carrier" | "agents";
  /** Stem of its sets: `<stem>4`, `<stem>6`. */
  readonly set: "trunk" | "agent";
  readonly sockets: readonly Socket[];
  readonly allowed: readonly AllowedGroup[];
  /** Present where sources are not all known. */
  readonly open?: Rate;
}

export interface NftablesDoc {
  readonly edge: string;
  /** Name of the one table, family inet. */
  readonly table: string;
  readonly media: {
    readonly at: JsonPointer;
    readonly addresses: readonly string[];
    readonly first: number;
    readonly last: number;
  };
  /** Ports on loopback addresses that only this host may reach. */
  readonly control: readonly number[];
  readonly sides: readonly Side[];
}

/** A set whose elements come and go at run time; its definition must stay the same across generations. */
export interface RunTimeSet {
  readonly name: string;
  readonly family: 4 | 6;
  readonly flags: "timeout" | "dynamic,timeout";
  /** Seconds. */
  readonly timeout: number;
}

/**
 * `ban*` are filled from outside (`nft add element inet <table> ban4 { 192.0.2.1 timeout 10m }`; ban6 takes the /64
 * with host bits cleared), the others by the rules themselves.
 */
export const runTimeSets: readonly RunTimeSet[] = [
  { name: "ban4", family: 4, flags: "timeout", timeout: 600 },
  { name: "ban6", family: 6, flags: "timeout", timeout: 600 },
  { name: "packet4", family: 4, flags: "dynamic,timeout", timeout: 60 },
  { name: "packet6", family: 6, flags: "dynamic,timeout", timeout: 60 },
  { name: "connect4", family: 4, flags: "dynamic,timeout", timeout: 60 },
  { name: "connect6", family: 6, flags: "dynamic,timeout", timeout: 60 },
];
