/** Origins of a config that is JSON: pointers follow its text. */
import type { Origins, Part } from "../../core/origins.ts";
import { segments } from "../../core/pointer.ts";
import type { Span } from "../../core/span.ts";
import { type JsonNode, parseJsonText } from "../json-text.ts";
import { lineStarts, positionAt } from "../place.ts";

/** The text is parsed when the first place is asked for. */
export function jsonOrigins(file: string, text: string): Origins {
  let parsed: { readonly root: JsonNode | undefined; readonly starts: readonly number[] } | undefined;
  return {
    async locate(pointer, part = "value"): Promise<Span | undefined> {
      parsed ??= { root: parseJsonText(text).root, starts: lineStarts(text) };
      if (parsed.root === undefined) return undefined;
      const { start, end } = findInJson(parsed.root, segments(pointer), part);
      return { file, start: positionAt(parsed.starts, start), end: positionAt(parsed.starts, end) };
    },
  };
}

/** The place of the deepest segment that exists, in offsets. */
export function findInJson(
  root: JsonNode,
  path: readonly string[],
  part: Part,
): { readonly start: number; readonly end: number } {
  let node = root;
  let name: { start: number; end: number } | undefined;
  for (const segment of path) {
    const member = node.members.find((m) => m.name === segment);
    const next = node.kind === "array" ? node.elements[arrayIndex(segment)] : member?.value;
    if (next === undefined) return node;
    name = member === undefined ? undefined : { start: member.nameStart, end: member.nameEnd };
    node = next;
  }
  return part === "key" && name !== undefined ? name : node;
}

function arrayIndex(segment: string): number {
  return /^(?:0|[1-9][0-9]*)$/.test(segment) ? Number(segment) : -1;
}
