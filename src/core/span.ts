/** A stretch of text in a file. */
export interface Position {
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 code units, as editors count. */
  readonly column: number;
  /** 0-based offset from the start of the file, in UTF-16 code units. */
  readonly offset: number;
}

export interface Span {
  /** As shown to the user: relative to the current folder where the file lies below it. */
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
}
