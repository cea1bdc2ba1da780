/** Turns what zod says of a config into diagnostics that name the property and the way out. */
import type { z } from "zod";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { JsonPointer } from "../core/pointer.ts";
import { suggest } from "../core/suggest.ts";
import type { KnownKeys, Path } from "./known-keys.ts";
import { unknownProperty } from "./unknown-property.ts";

type Issue = z.core.$ZodIssue;

/** How a path inside the parsed value becomes a pointer into what the config exports. */
export type Locate = (path: Path) => JsonPointer;

export function diagnosticsOf(
  error: z.ZodError,
  input: unknown,
  locate: Locate,
  known: KnownKeys,
): Diagnostic[] {
  return error.issues.flatMap((issue) => explain(issue, [], input, locate, known));
}

function explain(issue: Issue, base: Path, input: unknown, locate: Locate, known: KnownKeys): Diagnostic[] {
  const path = [...base, ...issue.path];
  const pointer = locate(path);
  const name = nameOf(path);
  const value = follow(input, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) =>
        unknownProperty(key, path, objectName(path, known), locate([...path, key]), known),
      );
    case "invalid_union":
      return explainUnion(issue, path, input, locate, known);
    case "invalid_type":
      return [value === undefined ? missing(path, locate) : wrongType(name, issue.expected, value, pointer)];
    case "invalid_value":
      return [value === undefined ? missing(path, locate) : notOneOf(name, issue.values, value, pointer)];
    case "invalid_key":
      return [
        {
          code: "CREW2004",
          severity: "error",
          pointer,
          part: "key",
          message: `${quote(path.at(-1))} is no valid name: ${issue.issues[0]?.message ?? issue.message}.`,
          help: "Use 1 to 32 letters, digits, '_' or '-', starting with a letter.",
        },
      ];
    default:
      return [
        {
          code: "CREW2004",
          severity: "error",
          pointer,
          message: `${name} ${isSecret(path) ? "" : `is ${show(value)}, but `}${rephrase(issue)}.`,
          ...helpFor(issue, path, value),
        },
      ];
  }
}

/** Of a union the branch counts that got furthest: the one whose complaints are about the inside, not about the kind. */
function explainUnion(
  issue: Extract<Issue, { code: "invalid_union" }>,
  path: Path,
  input: unknown,
  locate: Locate,
  known: KnownKeys,
): Diagnostic[] {
  const value = follow(input, path);
  const name = nameOf(path);
  const pointer = locate(path);
  const discriminator = issue.discriminator;
  if (discriminator !== undefined && issue.errors.length === 0) {
    const at = path.at(-1) === discriminator ? path : [...path, discriminator];
    const options = known.at(at);
    const given = follow(input, at);
    return [given === undefined ? missing(at, locate) : notOneOf(nameOf(at), options, given, locate(at))];
  }
  if (value === undefined) return [missing(path, locate)];
  const choice = lackingChoice(issue, value);
  if (choice !== undefined) {
    const rest = (issue.errors[0] ?? []).filter(
      (i) => !(i.path.length === 1 && choice.includes(String(i.path[0]))),
    );
    return [noneOf(choice, path, locate), ...rest.flatMap((i) => explain(i, path, input, locate, known))];
  }
  const depth = (branch: readonly Issue[]) =>
    Math.min(
      ...branch.map((i) =>
        i.path.length > 0 ? 2 : i.code === "invalid_type" || i.code === "invalid_value" ? 0 : 1,
      ),
    );
  const ranked = [...issue.errors].sort((a, b) => depth(b) - depth(a) || a.length - b.length);
  const best = ranked[0];
  if (best !== undefined && depth(best) > 0)
    return best.flatMap((i) => explain(i, path, input, locate, known));
  const expected = [
    ...new Set(
      issue.errors
        .flat()
        .map((i) => (i.code === "invalid_type" ? (kinds[i.expected] ?? i.expected) : rephrase(i))),
    ),
  ];
  return [
    {
      code: "CREW2003",
      severity: "error",
      ...usedAt(pointer, value),
      message: `${name} ${isSecret(path) ? "" : `is ${kindOf(value)}, but `}must be ${expected.join(" or ")}.`,
    },
  ];
}

/** Names of which an object must have one and has none: each branch of the union lacks another. */
function lackingChoice(
  issue: Extract<Issue, { code: "invalid_union" }>,
  value: unknown,
): readonly string[] | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  const lacking = issue.errors.map((branch) =>
    branch
      .filter((i) => i.path.length === 1 && follow(value, i.path) === undefined)
      .map((i) => String(i.path[0])),
  );
  const names = [...new Set(lacking.flat())];
  return names.length > 1 && names.length === lacking.length && lacking.every((l) => l.length === 1)
    ? names
    : undefined;
}

function noneOf(names: readonly string[], path: Path, locate: Locate): Diagnostic {
  return {
    code: "CREW2002",
    severity: "error",
    pointer: locate(path),
    message: `${nameOf(path)} has none of ${list(names).replace(" or ", " and ")}.`,
    help: `Add one of them: ${list(names)}.`,
  };
}

function missing(path: Path, locate: Locate): Diagnostic {
  const isReference = path.at(-1) === "secret" && path.length > 1;
  return {
    code: "CREW2002",
    severity: "error",
    pointer: locate(path.slice(0, -1)),
    message: `${path.length === 1 ? "The config" : nameOf(path.slice(0, -1))} has no '${String(path.at(-1))}'.`,
    help: isReference
      ? 'Give secret() the name of the variable that holds it, as text: secret("TRUNK_PASSWORD"). What it got is undefined.'
      : `Add '${String(path.at(-1))}'.`,
  };
}

function wrongType(name: string, expected: string, value: unknown, pointer: JsonPointer): Diagnostic {
  const help = kindHint(expected, value);
  return {
    code: "CREW2003",
    severity: "error",
    ...usedAt(pointer, value),
    message: `${name} is ${kindOf(value)}, but must be ${kinds[expected] ?? expected}.`,
    ...(help === undefined ? {} : { help }),
  };
}

/** An object or list of the wrong kind is mostly right where it is written and wrong where it is used. */
function usedAt(pointer: JsonPointer, value: unknown): Pick<Diagnostic, "pointer" | "part" | "related"> {
  if (typeof value !== "object" || value === null) return { pointer };
  return { pointer, part: "use", related: [{ pointer, label: "written here" }] };
}

function kindHint(expected: string, value: unknown): string | undefined {
  if (expected === "string" && typeof value === "number")
    return `Text is written in quotes: "${value}". Without them a number loses its '+' and its leading zeros.`;
  if ((expected === "number" || expected === "int") && typeof value === "string" && /^\d+$/.test(value))
    return `Write it without quotes: ${Number(value)}.`;
  if (expected === "array" && value !== null && kindOf(value) !== "a list")
    return "Put it in brackets: [ … ].";
  return undefined;
}

function notOneOf(
  name: string,
  values: readonly unknown[],
  value: unknown,
  pointer: JsonPointer,
): Diagnostic {
  const words = values.map(String);
  const nearest = typeof value === "string" ? suggest(value, words) : undefined;
  return {
    code: "CREW2004",
    severity: "error",
    pointer,
    message: `${name} is ${show(value)}, but must be ${list(words)}.`,
    ...(nearest === undefined
      ? {}
      : {
          help: `Did you mean '${nearest}'?`,
          fix: {
            applicability: "unsafe" as const,
            title: `Write '${nearest}'`,
            replacement: JSON.stringify(nearest),
          },
        }),
  };
}

const kinds: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "a list",
  tuple: "a list",
  null: "null",
};

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "text";
    case "object":
      return "an object";
    case "function":
      return "a function";
    default:
      return typeof value === "boolean" || typeof value === "number" ? show(value) : `a ${typeof value}`;
  }
}

function rephrase(issue: Issue): string {
  switch (issue.code) {
    case "too_small":
      return issue.origin === "array" || issue.origin === "string"
        ? `must have at least ${things(issue.minimum, issue.origin)}`
        : `must be at least ${issue.minimum}`;
    case "too_big":
      return issue.origin === "array" || issue.origin === "string"
        ? `may have at most ${things(issue.maximum, issue.origin)}`
        : `may be at most ${issue.maximum}`;
    case "invalid_value":
      return issue.values.map(String).join(" or ");
    case "invalid_format":
      return issue.message.startsWith("must") ? issue.message : "does not have the right form";
    default:
      return issue.message.replace(/\.$/, "");
  }
}

function things(count: number | bigint, origin: string): string {
  if (origin === "array") return `${count} ${Number(count) === 1 ? "entry" : "entries"}`;
  return `${count} ${Number(count) === 1 ? "character" : "characters"}`;
}

/** Where what is wrong shows what was meant. */
function helpFor(issue: Issue, path: Path, value: unknown): Pick<Diagnostic, "help"> {
  if (
    issue.code === "invalid_format" &&
    typeof value === "string" &&
    /^\[[0-9a-f:.]+\](?:\/\d+)?$/i.test(value)
  )
    return { help: `Write it without brackets: '${value.replace(/[[\]]/g, "")}'.` };
  if (path.at(-1) === "secret")
    return {
      help: 'Write the name of the variable that holds the secret, as in secret("TRUNK_PASSWORD"), not the secret itself.',
    };
  if (issue.code === "too_small" && value === 0 && transports.has(path.at(-1) ?? ""))
    return { help: "Write 'false' to turn a transport off." };
  return {};
}

const transports: ReadonlySet<PropertyKey> = new Set(["udp", "tcp", "tls"]);

const secretNames: ReadonlySet<PropertyKey> = new Set(["password", "secret"]);

function isSecret(path: Path): boolean {
  return path.some((segment) => secretNames.has(segment));
}

/** The property as the config spells it, without list positions that mean nothing to a reader. */
function nameOf(path: Path): string {
  if (path.length === 0) return "The config";
  const last = path.at(-1);
  return typeof last === "number" ? `'${String(path.at(-2) ?? "")}[${last}]'` : `'${String(last)}'`;
}

function objectName(path: Path, { ofEdge }: KnownKeys): string {
  if (path.length === 0) return "the config";
  return ofEdge.length > 0 && path.length === 2 ? "a trunk" : nameOf(path);
}

function follow(value: unknown, path: Path): unknown {
  let current = value;
  for (const segment of path) {
    if (current === null || typeof current !== "object") return undefined;
    current = (current as Record<PropertyKey, unknown>)[segment];
  }
  return current;
}

function quote(value: unknown): string {
  return `'${String(value).slice(0, 64)}'`;
}

/** A value for a message: short, on one line, control characters visible. */
export function show(value: unknown): string {
  const text =
    typeof value === "bigint" || typeof value === "symbol"
      ? String(value)
      : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function list(words: readonly string[]): string {
  if (words.length < 2) return words.map((w) => `'${w}'`).join("");
  return `${words
    .slice(0, -1)
    .map((w) => `'${w}'`)
    .join(", ")} or '${words.at(-1)}'`;
}
