/** What rtpengine.conf says, before it is text. */
import type { JsonPointer } from "../../core/pointer.ts";
import type { EngineLine } from "../../model/model.ts";
import type { OptionName } from "./options.ts";

/** A logical interface: `direction=` of an offer chooses it by name. */
export interface MediaInterface {
  readonly name: "carrier" | "agents";
  /** What sockets bind to. */
  readonly address: string;
  /** What goes into SDP, where it is another. */
  readonly advertised?: string;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface Setting {
  /** The config property that it comes from; absent where crew decides. */
  readonly at?: JsonPointer;
  readonly option: OptionName;
  readonly value: number | boolean | string | Endpoint | readonly MediaInterface[];
}

export interface SettingGroup {
  /** What the settings are for, and the property that they come from, as a comment. */
  readonly title: string;
  readonly settings: readonly Setting[];
}

export interface RtpengineDoc {
  readonly edge: string;
  readonly engine: EngineLine;
  readonly groups: readonly SettingGroup[];
}
