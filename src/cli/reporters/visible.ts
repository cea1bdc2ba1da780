/** Text of others on a terminal: what would move the cursor, hide or reorder text is shown as an escape. */

/** C0 without tab, DEL, C1, bidirectional controls, zero-width characters, lone surrogates, line separators. */
const invisible =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** One line of text as it may be printed; line breaks are kept with `lines`, else shown as escapes too. */
export function visible(text: string, lines: "keep" | "escape" = "escape"): string {
  const shown = text.replace(invisible, escaped);
  return lines === "keep" ? shown : shown.replaceAll("\n", "\\n");
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
