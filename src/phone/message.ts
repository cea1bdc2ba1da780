/** SIP messages as the traces of phones show them. */

export interface Message {
  readonly direction: "sent" | "received";
  /** The message; lines may end in CRLF or LF, as the trace has them. */
  readonly text: string;
}

/** The values of a header, in order, folded lines joined; the name in any case. */
export function headerValues(text: string, name: string): readonly string[] {
  const head = text.split(/\r?\n\r?\n/)[0] ?? "";
  const lines = head
    .replace(/\r?\n[ \t]+/g, " ")
    .split(/\r?\n/)
    .slice(1);
  return lines
    .map((line) => /^([^:\s]+)\s*:\s*(.*)$/.exec(line))
    .filter((m) => m?.[1]?.toLowerCase() === name.toLowerCase())
    .map((m) => m?.[2]?.trim() ?? "");
}

/** The requests of a method, or the responses of a code. */
export function messagesOf(messages: readonly Message[], what: string | number): readonly Message[] {
  const start = typeof what === "number" ? `SIP/2.0 ${what} ` : `${what} `;
  return messages.filter((m) => m.text.startsWith(start));
}

/**
 * Messages among the lines of a log. A line that matches `mark` stands before each; the message is from the sender where
 * `sentIf` is among the captured groups. A message ends where no header or SDP line follows.
 */
export function tracedMessages(lines: readonly string[], mark: RegExp, sentIf: string): readonly Message[] {
  const found: Message[] = [];
  for (let i = 0; i < lines.length; i++) {
    const start = mark.exec(lines[i] ?? "");
    if (!start) continue;
    let end = i + 1;
    while (end < lines.length && lines[end] !== "") end++;
    const head = end;
    while (/^[a-z]=/.test(lines[end + 1] ?? "")) end++;
    const body = lines.slice(head, end + 1).join("\n");
    found.push({
      direction: start.slice(1).includes(sentIf) ? "sent" : "received",
      text: `${lines.slice(i + 1, head).join("\n")}\n${body}\n`,
    });
    i = end;
  }
  return found;
}
