/** The grammar of GKeyFile, in which rtpengine.conf is written (GLib reference, "Key-value file parser"). */
import { commentText, isPrintable } from "./comment.ts";
import { type Escaped, EscapeError, trusted } from "./escaped.ts";

export type GKeyFile = "gkeyfile.key" | "gkeyfile.value" | "gkeyfile.comment";

/** A key or group name. Throws on anything but letters, digits and `-`. */
export function gkeyName(name: string): Escaped<"gkeyfile.key"> {
  if (!/^[A-Za-z0-9-]{1,64}$/.test(name)) throw new EscapeError("gkeyfile.key", JSON.stringify(name));
  return trusted(name);
}

/**
 * A string: `\` doubled. Throws on control characters, line separators and lone surrogates; on the empty string, which
 * programs take for an unset option; and on spaces at either end, which parsers and rtpengine strip.
 */
export function gkeyString(value: string): Escaped<"gkeyfile.value"> {
  if (value === "" || value !== value.trim() || !isPrintable(value))
    throw new EscapeError("gkeyfile.value", JSON.stringify(value));
  return trusted(value.replaceAll("\\", "\\\\"));
}

/** A list of strings; `;` separates, `\;` is a semicolon inside an item. Throws on an empty list. */
export function gkeyList(items: readonly string[]): Escaped<"gkeyfile.value"> {
  if (items.length === 0) throw new EscapeError("gkeyfile.value", "empty list");
  return trusted(items.map((item) => gkeyString(item).replaceAll(";", "\\;")).join(";"));
}

/** An integer. */
export function gkeyInteger(value: number): Escaped<"gkeyfile.value"> {
  if (!Number.isSafeInteger(value)) throw new EscapeError("gkeyfile.value", String(value));
  return trusted(String(value));
}

export function gkeyBoolean(value: boolean): Escaped<"gkeyfile.value"> {
  return trusted(String(value));
}

/** The text of a comment line; what would end the line becomes a space. */
export function gkeyComment(value: string): Escaped<"gkeyfile.comment"> {
  return trusted(commentText(value));
}
