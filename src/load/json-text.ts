/** A strict JSON parser (RFC 8259) that keeps positions; used where JSON.parse failed or a place is asked for. */

export interface JsonMember {
  readonly name: string;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly value: JsonNode;
}

export interface JsonNode {
  readonly kind: "object" | "array" | "scalar";
  /** Offsets in UTF-16 code units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly members: readonly JsonMember[];
  readonly elements: readonly JsonNode[];
}

export interface JsonProblem {
  readonly kind: "syntax" | "duplicate" | "depth";
  readonly message: string;
  readonly help?: string;
  readonly start: number;
  readonly end: number;
  /** Of a duplicate: where the name stands first. */
  readonly first?: { readonly start: number; readonly end: number };
}

export interface JsonTree {
  /** Absent where the text is no JSON. */
  readonly root?: JsonNode;
  readonly problems: readonly JsonProblem[];
}

/** Deeper values than any config has; keeps recursion within the stack. */
export const maximumDepth = 64;

class Stop extends Error {
  readonly problem: JsonProblem;
  constructor(problem: JsonProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Reads a text; syntax errors end it, repeated names are all reported. */
export function parseJsonText(text: string): JsonTree {
  const problems: JsonProblem[] = [];
  try {
    return { root: readDocument(text, problems), problems };
  } catch (error) {
    if (error instanceof Stop) return { problems: [...problems, error.problem] };
    throw error;
  }
}

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const word = /[A-Za-z_$][\w$]*/y;
const blank = /[ \t\r\n]*/y;
const escaped = /\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/y;

function readDocument(text: string, problems: JsonProblem[]): JsonNode {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;

  const stop = (message: string, help?: string, end = at + 1, start = at): never => {
    throw new Stop({
      kind: "syntax",
      message,
      start,
      end: Math.min(end, Math.max(start, text.length)),
      ...(help === undefined ? {} : { help }),
    });
  };
  const found = (): string => {
    if (at >= text.length) return "the text ends";
    const c = String.fromCodePoint(text.codePointAt(at) ?? 0);
    return /^[\x20-\x7e]$/.test(c)
      ? `found '${c}'`
      : `found the character U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const hit = pattern.exec(text)?.[0];
    if (hit !== undefined) at += hit.length;
    return hit;
  };
  const skip = (): void => {
    match(blank);
    if (text.startsWith("//", at) || text.startsWith("/*", at))
      stop("JSON has no comments", "Remove the comment, or use crew.config.ts.", at + 2);
  };

  const string = (): string => {
    const start = at;
    at++;
    for (;;) {
      const c = text.charCodeAt(at);
      if (Number.isNaN(c)) stop("The string has no closing quote", undefined, start + 1, start);
      else if (c === 0x22) {
        at++;
        return JSON.parse(text.slice(start, at)) as string;
      } else if (c === 0x5c) {
        if (match(escaped) === undefined)
          stop("This is no escape sequence of JSON", "Write a backslash as \\\\.", at + 2);
      } else if (c < 0x20) {
        if (c === 0x0a || c === 0x0d)
          stop("The string has no closing quote on its line", "Write a line break as \\n.", at, start);
        stop(
          "A control character stands in the string",
          `Write it as \\u${c.toString(16).padStart(4, "0")}.`,
        );
      } else at++;
    }
  };

  const scalar = (start: number): JsonNode => ({ kind: "scalar", start, end: at, members: [], elements: [] });

  const object = (depth: number): JsonNode => {
    const start = at;
    const members: JsonMember[] = [];
    const seen = new Map<string, { start: number; end: number }>();
    at++;
    skip();
    while (text[at] !== "}") {
      if (text[at] !== '"') {
        const name = match(word);
        if (name !== undefined)
          stop(`The name ${name} needs double quotes`, `Write "${name}".`, at, at - name.length);
        stop(
          `A property name in double quotes is expected, but ${found()}`,
          text[at] === "'" ? "Use double quotes." : undefined,
        );
      }
      const nameStart = at;
      const name = string();
      const place = { start: nameStart, end: at };
      const first = seen.get(name);
      if (first === undefined) seen.set(name, place);
      else
        problems.push({
          kind: "duplicate",
          message: `The property '${name}' stands in the object twice`,
          ...place,
          first,
        });
      skip();
      if (text[at] !== ":") stop(`A ':' is expected after the property name, but ${found()}`);
      at++;
      skip();
      members.push({ name, nameStart, nameEnd: place.end, value: value(depth + 1) });
      skip();
      if (text[at] === "}") break;
      if (text[at] !== ",") stop(`A ',' or '}' is expected, but ${found()}`);
      const comma = at++;
      skip();
      if (text[at] === "}")
        stop("JSON has no comma after the last property", "Remove the comma.", comma + 1, comma);
    }
    at++;
    return { kind: "object", start, end: at, members, elements: [] };
  };

  const array = (depth: number): JsonNode => {
    const start = at;
    const elements: JsonNode[] = [];
    at++;
    skip();
    while (text[at] !== "]") {
      elements.push(value(depth + 1));
      skip();
      if (text[at] === "]") break;
      if (text[at] !== ",") stop(`A ',' or ']' is expected, but ${found()}`);
      const comma = at++;
      skip();
      if (text[at] === "]")
        stop("JSON has no comma after the last entry", "Remove the comma.", comma + 1, comma);
    }
    at++;
    return { kind: "array", start, end: at, members: [], elements };
  };

  const value = (depth: number): JsonNode => {
    if (depth > maximumDepth)
      throw new Stop({
        kind: "depth",
        message: `The value is nested deeper than ${maximumDepth} levels`,
        start: at,
        end: at + 1,
      });
    const start = at;
    const c = text[at];
    if (c === "{") return object(depth);
    if (c === "[") return array(depth);
    if (c === '"') {
      string();
      return scalar(start);
    }
    if (match(number) !== undefined) {
      if (/[0-9A-Za-z_.]/.test(text[at] ?? "")) stop("This is no number of JSON", undefined, at + 1, start);
      return scalar(start);
    }
    const name = match(word);
    if (name === "true" || name === "false" || name === "null") return scalar(start);
    if (name !== undefined) stop("This is no value of JSON", "Text needs double quotes.", at, start);
    return stop(`A value is expected, but ${found()}`, c === "'" ? "Use double quotes." : undefined);
  };

  skip();
  const root = value(1);
  skip();
  if (at < text.length) stop(`Nothing may follow the value, but ${found()}`);
  return root;
}
