/**
 * Patterns over the called user: a subset of POSIX extended regular expressions that means the same to every program
 * and cannot be slow, whoever calls.
 */

export type Pattern = { readonly body: string } | { readonly problem: string; readonly help: string };

/** More of them would let a backtracking matcher take long over a hostile number. */
const mostVariableRepeats = 6;
const mostRepeats = 64;

const literal = /^[A-Za-z0-9\-_~!&=,/]$/;
const inClass = /^[A-Za-z0-9_~!&=,/.*+?(){}|]$/;

/** The pattern without anchors, alternatives at the top in parentheses, or why it is not taken. */
export function readPattern(text: string): Pattern {
  const anchored = text.startsWith("^") || text.endsWith("$");
  const body = text.replace(/^\^/, "").replace(/\$$/, "");
  if (/[\^$]/.test(body))
    return /\[\^/.test(body)
      ? refuse("has a class that begins with '^'", "Write the characters that may stand there.")
      : refuse("has '^' or '$' inside", "The whole called user is compared anyway; leave them out.");
  const reader: Reader = { text: body, at: 0, variable: 0 };
  const found = readAlternatives(reader, 0);
  if (typeof found !== "boolean") return found;
  if (found && anchored)
    return refuse(
      "has anchors and alternatives side by side",
      "Put the alternatives in parentheses, for example '(10|20)', without '^' and '$'.",
    );
  return { body: found ? `(${body})` : body };
}

interface Reader {
  readonly text: string;
  at: number;
  /** Repeats of no fixed number so far. */
  variable: number;
}

type Refusal = { readonly problem: string; readonly help: string };

function refuse(problem: string, help: string): Refusal {
  return { problem, help };
}

/** Reads up to the end, or to the parenthesis that closes; whether there was more than one alternative. */
function readAlternatives(reader: Reader, depth: number): boolean | Refusal {
  const { text } = reader;
  let several = false;
  let empty = true;
  while (reader.at < text.length && text[reader.at] !== ")") {
    if (text[reader.at] === "|") {
      if (empty) break;
      several = true;
      empty = true;
      reader.at++;
      continue;
    }
    const problem = readPiece(reader, depth);
    if (problem !== undefined) return problem;
    empty = false;
  }
  if (empty) return refuse("has an empty alternative", "Write something between '|', '(' and ')'.");
  if (depth === 0 && reader.at < text.length)
    return refuse("closes a parenthesis that was never opened", "Write [)] for the character itself.");
  return several;
}

/** One character, class or group with its repeat. */
function readPiece(reader: Reader, depth: number): Refusal | undefined {
  const { text } = reader;
  const head = text[reader.at] ?? "";
  const group = head === "(";
  if (group) {
    reader.at++;
    const inner = readAlternatives(reader, depth + 1);
    if (typeof inner !== "boolean") return inner;
    if (text[reader.at] !== ")")
      return refuse("has a parenthesis that never closes", "Write [(] for the character itself.");
    reader.at++;
  } else if (head === "[") {
    const problem = readClass(reader);
    if (problem !== undefined) return problem;
  } else if (head === "." || literal.test(head)) reader.at++;
  else if ("*+?{".includes(head))
    return refuse(
      `has '${head}' with nothing before it to repeat`,
      `Write [${head}] for the character itself.`,
    );
  else return refuse(`has a lone '${head}'`, `Write the character as [${head}] if it may occur in a number.`);
  return readRepeat(reader, group);
}

function readClass(reader: Reader): Refusal | undefined {
  const end = reader.text.indexOf("]", reader.at);
  const content = end < 0 ? "" : reader.text.slice(reader.at + 1, end);
  if (content === "") return refuse("has a class that is empty or never closes", "Write for example [0-9].");
  const ranges = content.replace(/^-|-$/g, "");
  for (const [, from = "", to = ""] of ranges.matchAll(/(.)-(.?)/g)) {
    const kinds = [/[0-9]{2}/, /[a-z]{2}/, /[A-Z]{2}/];
    if (!kinds.some((kind) => kind.test(from + to)) || from > to)
      return refuse(`has the range '${from}-${to}'`, "A range goes from a digit or letter to a later one.");
  }
  const plain = ranges.replace(/(.)-(.)/g, "$1$2");
  const odd = [...plain].find((c) => !inClass.test(c));
  if (odd !== undefined)
    return refuse(`has '${odd}' inside of a class`, "Name single characters and ranges such as 0-9.");
  reader.at = end + 1;
  return undefined;
}

function readRepeat(reader: Reader, group: boolean): Refusal | undefined {
  const rest = reader.text.slice(reader.at);
  const found = /^(?:[*+?]|\{([0-9]{1,2})(,([0-9]{0,2}))?\})/.exec(rest);
  if (found === null)
    return rest.startsWith("{")
      ? refuse("has a repeat that is none", `Write {n}, {n,} or {n,m} with numbers up to ${mostRepeats}.`)
      : undefined;
  const [sign, least, comma, most = ""] = found;
  if (group && sign !== "?")
    return refuse(
      `repeats a group with '${sign}'`,
      "A group may only be optional ('?'): repeats in repeats make matching slow.",
    );
  const bound = most === "" ? Number(least ?? 0) : Number(most);
  if (
    bound > mostRepeats ||
    Number(least ?? 0) > bound ||
    (least !== undefined && comma !== "," && bound === 0)
  )
    return refuse(
      `has the repeat '${sign}'`,
      `Write {n}, {n,} or {n,m} with numbers from 1 to ${mostRepeats}.`,
    );
  if (least === undefined || (comma !== undefined && least !== most)) reader.variable++;
  if (reader.variable > mostVariableRepeats)
    return refuse(
      `has more than ${mostVariableRepeats} repeats of no fixed number`,
      "Write {n} where the number is known, or make several routes.",
    );
  reader.at += sign.length;
  if (/^[*+?{]/.test(reader.text.slice(reader.at)))
    return refuse(`repeats a repeat: '${sign}${reader.text[reader.at]}'`, "Use one of * + ? {n,m}.");
  return undefined;
}
