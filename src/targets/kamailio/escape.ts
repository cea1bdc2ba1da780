/** The grammars of Kamailio's files: the only way for a value to become text that a template or table accepts. */
import { type Escaped, EscapeError, trusted } from "../escape/escaped.ts";

/** Inside `"…"` where the script does not expand `$`: module parameters, assignments, comparisons. */
export type KamString = Escaped<"kamailio.string">;
/** Inside `"…"` of a function parameter, where `$` starts a variable unless doubled. */
export type KamFormat = Escaped<"kamailio.format">;
/** A number, address, port or name that stands without quotes. */
export type KamToken = Escaped<"kamailio.token">;
/** The rest of a `#` comment line. */
export type KamComment = Escaped<"kamailio.comment">;
/** One field of a db_text row whose delimiter is `|`. */
export type DbTextField = Escaped<"kamailio.db_text">;
/** One field of dispatcher.list or address.list. */
export type ListField = Escaped<"kamailio.list">;

/** What a template of kamailio.cfg may see. */
export type CfgGrammar = "kamailio.string" | "kamailio.format" | "kamailio.token" | "kamailio.comment";

// With the `u` flag a lone surrogate is a code point of its own, of category Cs.
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
const everyUnprintable = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;

/** Refuses control characters, line separators and lone surrogates: no value has a use for them, several readers give them a meaning. */
function printable(text: string, grammar: string): string {
  if (!isPrintable(text)) throw new EscapeError(grammar, `unprintable character in ${JSON.stringify(text)}`);
  return text;
}

/** Whether text is free of control characters, line separators and lone surrogates. */
export function isPrintable(text: string): boolean {
  return !unprintable.test(text);
}

/**
 * A module parameter or a literal of the script (core lexer: `\` protects `"` and `\`; line ends would be taken as they are).
 * Throws on characters that {@link isPrintable} refuses.
 */
export function kamString(value: string): KamString {
  return trusted(printable(value, "kamailio.string").replace(/["\\]/g, "\\$&"));
}

/** A parameter of a script function: as {@link kamString}, with `$` doubled, since `\$` does not protect (core pv parser). */
export function kamFormat(value: string): KamFormat {
  return trusted(printable(value, "kamailio.format").replace(/["\\]/g, "\\$&").replaceAll("$", "$$$$"));
}

/** A name, number or address without quotes. Throws on anything but letters, digits and `._:[]-`. */
export function kamToken(value: string | number): KamToken {
  const text = String(value);
  if (!/^[A-Za-z0-9._:[\]-]{1,253}$/.test(text))
    throw new EscapeError("kamailio.token", JSON.stringify(text));
  return trusted(text);
}

/** The text of a comment; what {@link isPrintable} refuses becomes a space, since a comment must never end its line. */
export function kamComment(value: string): KamComment {
  return trusted(value.replaceAll(everyUnprintable, " "));
}

/** Printable ASCII without `\` and `|`: nearly every field of a table, told by one look. */
const plainField = /^[\x20-\x5b\x5d-\x7b\x7d\x7e]+$/;

/**
 * A field of a db_text table (dbt_file.c: `\` protects `|` and `\`). An empty field would be read as NULL and a table row with
 * a NULL is skipped, so it is refused.
 */
export function dbTextField(value: string | number): DbTextField {
  const asked = String(value);
  if (plainField.test(asked)) return trusted(asked);
  const text = printable(asked, "kamailio.db_text");
  if (text === "") throw new EscapeError("kamailio.db_text", "empty field");
  return trusted(/[\\|]/.test(text) ? text.replace(/[\\|]/g, "\\$&") : text);
}

/** A field of a db_text table that holds several lines; `\n` parts them (dbt_file.c). Throws as {@link dbTextField} does. */
export function dbTextLines(lines: readonly string[]): DbTextField {
  if (lines.length === 0) throw new EscapeError("kamailio.db_text", "empty field");
  return trusted(lines.map(dbTextField).join("\\n"));
}

/** A field of a file that separates fields by blanks and has no quoting: dispatcher.list, address.list. */
export function listField(value: string | number): ListField {
  const text = String(value);
  if (!/^[\x21-\x7e]{1,512}$/.test(text) || /[#"'\\]/.test(text)) {
    throw new EscapeError("kamailio.list", JSON.stringify(text));
  }
  return trusted(text);
}
