/** What a native program said about a config, before it is brought back to a property. */

export type NativeProgram = "kamailio" | "nft" | "rtpengine";

/** A stretch of a file as the program counts: lines and columns from 1; the end is included. */
export interface NativePlace {
  /** As the program names it: absolute, or relative to its working folder. */
  readonly file?: string;
  readonly line: number;
  readonly column?: number;
  readonly endLine?: number;
  readonly endColumn?: number;
}

export interface NativeProblem {
  readonly program: NativeProgram;
  /** The cause in the program's words, one sentence without its prefix. */
  readonly text: string;
  /** What else it said about the same failure, cause first. */
  readonly details: readonly string[];
  readonly place?: NativePlace;
  /** Files that the words name, for causes without a line. */
  readonly files: readonly string[];
  /** Words of the artifacts that the cause quotes (an address, a variable, a module), to find the line by. */
  readonly quotes: readonly string[];
}
