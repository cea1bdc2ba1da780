/** Reads kamailio.cfg far enough to check what `kamailio -c` takes and a start refuses: comments, strings and words, with places. */

export interface Token {
  /** A string's text is decoded. */
  readonly kind: "word" | "string" | "mark";
  readonly text: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** Exclusive. */
  readonly endColumn: number;
}

const blank = /[ \t\r\n]/;
const wordPart = /[A-Za-z0-9_:.@/+*-]/;

/** The tokens of a script; comments and `#!` directives are left out, and both branches of a condition are there. */
export function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  let at = 0;
  let line = 1;
  let lineStart = 0;
  const skip = (end: number): void => {
    for (; at < end; at++)
      if (text[at] === "\n") {
        line++;
        lineStart = at + 1;
      }
  };
  const take = (kind: Token["kind"], end: number, value: string): void => {
    const [startLine, column] = [line, at - lineStart + 1];
    skip(end);
    found.push({ kind, text: value, line: startLine, column, endLine: line, endColumn: at - lineStart + 1 });
  };
  while (at < text.length) {
    const c = text[at] ?? "";
    if (blank.test(c)) skip(at + 1);
    else if (c === "#" || (c === "/" && text[at + 1] === "/")) skip(endOfLine(text, at));
    else if (c === "/" && text[at + 1] === "*") skip(after(text, "*/", at + 2));
    else if (c === '"') {
      const end = endOfString(text, at);
      take("string", end, decode(text.slice(at + 1, end - 1)));
    } else if (c === "'") {
      const end = after(text, "'", at + 1);
      take("string", end, text.slice(at + 1, end - 1));
    } else if (c === "$") {
      const end = endOfVariable(text, at);
      take("word", end, text.slice(at, end));
    } else if (wordPart.test(c)) {
      let end = at + 1;
      while (end < text.length && wordPart.test(text[end] ?? "")) end++;
      take("word", end, text.slice(at, end));
    } else {
      const two = text.slice(at, at + 2);
      const mark = two === "=~" || two === "!~" || two === "=>" ? two : c;
      take("mark", at + mark.length, mark);
    }
  }
  return found;
}

/** The line end, past those that a backslash continues in a directive. */
function endOfLine(text: string, from: number): number {
  const directive = text.startsWith("#!", from) || text.startsWith("!!", from);
  for (let at = from; ; at++) {
    const end = text.indexOf("\n", at);
    if (end < 0) return text.length;
    if (!directive || text[end - 1] !== "\\") return end;
    at = end;
  }
}

function after(text: string, what: string, from: number): number {
  const end = text.indexOf(what, from);
  return end < 0 ? text.length : end + what.length;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

/** `$rU`, `$sht(a=>$si)`, `$(hdr(X){re.subst,/"(.)"/\1/})`: what is in parentheses is told by these alone, quotes or not. */
function endOfVariable(text: string, from: number): number {
  let at = from + 1;
  while (/[A-Za-z0-9_:.]/.test(text[at] ?? "")) at++;
  if (text[at] !== "(") return at;
  let depth = 0;
  for (; at < text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")" && --depth === 0) return at + 1;
  }
  return text.length;
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\x07",
  '"': '"',
  "\\": "\\",
};

function decode(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|([\s\S]))/g, (all, hex, octal, one) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 255);
    return escapes[one] ?? all;
  });
}

export interface RouteUse {
  readonly block: string;
  readonly name: string;
  readonly at: Token;
}

const routeBlocks =
  /^(?:route|failure_route|branch_route|onreply_route|reply_route|event_route|onsend_route)$/;
/** Functions that name a route, with the block that they mean. */
const namers: Readonly<Record<string, string>> = {
  t_on_failure: "failure_route",
  t_on_branch: "branch_route",
  t_on_reply: "onreply_route",
};

/** Uses of named routes that the script does not define. Names that hold a variable are known only at run time. */
export function undefinedRoutes(script: readonly Token[]): readonly RouteUse[] {
  const defined = new Set<string>();
  const uses: RouteUse[] = [];
  for (const [i, token] of script.entries()) {
    const [open, name, close] = [script[i + 1], script[i + 2], script[i + 3]];
    if (token.kind !== "word" || name === undefined) continue;
    if (routeBlocks.test(token.text) && open?.text === "[") {
      defined.add(`${token.text} ${nameUntil(script, i + 2, "]")}`);
    } else if (open?.text === "(" && close?.text === ")" && !name.text.includes("$")) {
      const block = token.text === "route" ? "route" : namers[token.text];
      if (block !== undefined && !name.text.includes("$")) uses.push({ block, name: name.text, at: name });
    }
  }
  return uses.filter((use) => !defined.has(`${use.block} ${use.name}`) && !/^\d+$/.test(use.name));
}

function nameUntil(script: readonly Token[], from: number, end: string): string {
  const parts: string[] = [];
  for (let i = from; i < script.length && script[i]?.text !== end; i++) parts.push(script[i]?.text ?? "");
  return parts.join("");
}

/** The regular expression literals (right sides of `=~` and `!~`). */
export function regexLiterals(script: readonly Token[]): readonly Token[] {
  return script.filter((token, i) => token.kind === "string" && /^[=!]~$/.test(script[i - 1]?.text ?? ""));
}

/** `listen` lines that name the same socket as one before them. */
export function repeatedSockets(
  script: readonly Token[],
): readonly { readonly at: Token; readonly first: Token }[] {
  const seen = new Map<string, Token>();
  const repeated: { at: Token; first: Token }[] = [];
  for (const [i, token] of script.entries()) {
    if (token.text !== "listen" || script[i + 1]?.text !== "=") continue;
    let j = i + 2;
    let socket = "";
    // an IPv6 address in brackets is several tokens
    while (
      script[j] &&
      script[j]?.line === token.line &&
      !/^(?:as|advertise|name)$/.test(script[j]?.text ?? "")
    )
      socket += script[j++]?.text ?? "";
    const first = seen.get(socket);
    if (first === undefined) seen.set(socket, token);
    else repeated.push({ at: token, first });
  }
  return repeated;
}

export interface ModuleParameter {
  readonly module: string;
  readonly name: string;
  readonly value: string;
  readonly at: Token;
}

/** All `modparam` lines, in file order; `value` is empty where it is no plain string or number. */
export function moduleParameters(script: readonly Token[]): readonly ModuleParameter[] {
  return script.flatMap((token, i) => {
    const [module, name, value] = [script[i + 2], script[i + 4], script[i + 6]];
    if (token.text !== "modparam" || script[i + 1]?.text !== "(" || !module || !name || !value) return [];
    return [{ module: module.text, name: name.text, value: value.text, at: value }];
  });
}
