/** Where the values of a JSON text stand, read only as far as places are asked for: a million routes need no tree. */

import type { Part } from "../core/origins.ts";

export interface Stretch {
  /** Offsets in UTF-16 code units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;

/** A list or object as far as it has been read; `at` is where its next entry begins, or its end. */
interface Container {
  /** Offsets of the values. */
  readonly values: number[];
  /** Of an object: its names in order, and where each stands. */
  readonly names?: Map<string, { readonly value: number; readonly name: Stretch }>;
  at: number;
  done: boolean;
}

/**
 * Finds places in a text that is known to be JSON without repeated names. What was read for one place is kept for the
 * next, so that many places in one long list cost little more than one.
 */
export function jsonPlaces(text: string) {
  const containers = new Map<number, Container>();
  const root = skipBlank(text, text.charCodeAt(0) === 0xfeff ? 1 : 0);

  const container = (start: number): Container | undefined => {
    const held = containers.get(start);
    if (held !== undefined) return held;
    const kind = text[start];
    if (kind !== "{" && kind !== "[") return undefined;
    const at = skipBlank(text, start + 1);
    const done = text[at] === "}" || text[at] === "]";
    const made = { values: [], ...(kind === "{" ? { names: new Map() } : {}), at, done };
    containers.set(start, made);
    return made;
  };

  /** The whole needs no reading. */
  const endOf = (at: number): number => (at === root ? text.trimEnd().length : endOfValue(text, at));

  /** Reads one more entry. */
  const advance = (held: Container): void => {
    let value = held.at;
    if (held.names !== undefined) {
      const name = { start: value, end: endOfString(text, value) };
      value = skipBlank(text, name.end);
      if (text.charCodeAt(value) !== colon) throw new Error("the text is no JSON");
      value = skipBlank(text, value + 1);
      held.names.set(JSON.parse(text.slice(name.start, name.end)) as string, { value, name });
    }
    held.values.push(value);
    const next = skipBlank(text, endOfValue(text, value));
    held.done = text.charCodeAt(next) !== comma;
    held.at = held.done ? next : skipBlank(text, next + 1);
  };

  const member = (held: Container, name: string) => {
    while (held.names?.has(name) === false && !held.done) advance(held);
    return held.names?.get(name);
  };

  const element = (held: Container, segment: string): number | undefined => {
    const index = /^(?:0|[1-9][0-9]*)$/.test(segment) ? Number(segment) : -1;
    while (index >= held.values.length && !held.done) advance(held);
    return held.values[index];
  };

  return {
    /** The place of the deepest segment that exists; `part: "key"` means the name of a property. */
    find(path: readonly string[], part: Part): Stretch {
      let at = root;
      let name: Stretch | undefined;
      for (const segment of path) {
        const held = container(at);
        const found = held?.names === undefined ? undefined : member(held, segment);
        const next = held !== undefined && held.names === undefined ? element(held, segment) : found?.value;
        if (next === undefined) return { start: at, end: endOf(at) };
        name = found?.name;
        at = next;
      }
      return part === "key" && name !== undefined ? name : { start: at, end: endOf(at) };
    },
  };
}

function skipBlank(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= 0x20) at++;
  return at;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (let c = text.charCodeAt(at); c !== quote; c = text.charCodeAt(at)) {
    if (Number.isNaN(c)) throw new Error("the text is no JSON");
    at += c === backslash ? 2 : 1;
  }
  return at + 1;
}

/** Where a value ends; a list or object is passed over by counting brackets. */
function endOfValue(text: string, start: number): number {
  if (text.charCodeAt(start) === quote) return endOfString(text, start);
  let depth = 0;
  let at = start;
  while (at < text.length) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at);
        continue;
      case 0x7b: // {
      case 0x5b: // [
        depth++;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        depth--;
        if (depth === 0) return at + 1;
        if (depth < 0) return at;
        break;
      case comma:
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
        if (depth === 0) return at;
    }
    at++;
  }
  return at;
}
