/** Reads what a config module exports, once, into plain JSON data: nothing that comes later meets a getter, a proxy or a cycle. */
import { type JsonPointer, pointer } from "../core/pointer.ts";
import { maximumDepth } from "./json-text.ts";

export interface PlainProblem {
  readonly code: "CREW1009" | "CREW1010" | "CREW1011" | "CREW1012" | "CREW1007";
  readonly pointer: JsonPointer;
  readonly message: string;
  readonly help?: string;
}

export interface Plain {
  readonly value: unknown;
  readonly problems: readonly PlainProblem[];
  /** Where properties are `undefined`, of each name the first. */
  readonly unset: ReadonlyMap<string, JsonPointer>;
}

/** Values in a config, those that are shared counted as often as they are used. */
export const maximumValues = 50_000_000;
const maximumProblems = 200;

/** Up to so many values are copied again where they are shared: remembering every object of a long list costs more. */
const small = 16;

/** A copy as JSON holds it: properties that are `undefined` are left out, shared objects stay shared unless they are small. */
export function toPlain(root: unknown): Plain {
  const problems: PlainProblem[] = [];
  const unset = new Map<string, JsonPointer>();
  const done = new Map<object, { readonly copy: unknown; readonly size: number }>();
  const open: object[] = [];
  const path: (string | number)[] = [];
  let tooLarge = false;
  let reports = 0;

  const report = (code: PlainProblem["code"], message: string, help?: string): undefined => {
    reports++;
    if (problems.length < maximumProblems)
      problems.push({ code, pointer: pointer(...path), message, ...(help === undefined ? {} : { help }) });
    return undefined;
  };

  let size = 0;
  const copy = (value: unknown): unknown => {
    size++;
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value)
          ? value
          : report("CREW1009", `The value is ${value}, which is no number of a config.`);
      case "object":
        return value === null ? null : copyObject(value);
      case "undefined":
        return report("CREW1009", "The value is undefined.", "Leave the entry out, or give it a value.");
      case "function":
        return report(
          "CREW1009",
          `The value is a function${value.name === "" ? "" : ` ('${value.name}')`}.`,
          "A config is data: call the function and use its result.",
        );
      case "bigint":
        return report("CREW1009", "The value is a bigint.", "Write a plain number, without the 'n'.");
      default:
        return report("CREW1009", "The value is a symbol.", "Write text instead.");
    }
  };

  const copyObject = (value: object): unknown => {
    const held = done.get(value);
    if (held !== undefined) size += held.size;
    if (size > maximumValues && !tooLarge) {
      tooLarge = true;
      report("CREW1012", `The config holds more than ${maximumValues} values.`);
    }
    if (held !== undefined || tooLarge) return held?.copy;
    if (open.includes(value))
      return report(
        "CREW1010",
        "The value contains itself.",
        "A config is a tree: remove the reference back.",
      );
    if (path.length >= maximumDepth)
      return report("CREW1011", `The value is nested deeper than ${maximumDepth} levels.`);
    const [sizeBefore, reportsBefore] = [size, reports];
    open.push(value);
    const result = Array.isArray(value) ? copyArray(value) : copyRecord(value);
    open.pop();
    // What has a problem is remembered too, so that each is reported once.
    if (size - sizeBefore > small || reports > reportsBefore)
      done.set(value, { copy: result, size: size - sizeBefore });
    return result;
  };

  const copyArray = (value: readonly unknown[]): unknown[] => {
    const result: unknown[] = new Array(value.length);
    for (let i = 0; i < value.length; i++) {
      path.push(i);
      result[i] = copy(value[i]);
      path.pop();
    }
    return result;
  };

  const copyRecord = (value: object): unknown => {
    const kind = unplain(value);
    if (kind !== undefined)
      return report(
        "CREW1009",
        `The value is ${kind}.`,
        kind === "a promise"
          ? "Write 'await' before it."
          : "Write plain objects, lists, text, numbers, true and false.",
      );
    const result: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      path.push(name);
      const inner = (value as Record<string, unknown>)[name];
      if (inner === undefined) {
        if (!unset.has(name) && unset.size < maximumProblems) unset.set(name, pointer(...path));
      } else {
        const plain = copy(inner);
        if (name === "__proto__") Object.defineProperty(result, name, { value: plain, enumerable: true });
        else result[name] = plain;
      }
      path.pop();
    }
    return result;
  };

  return {
    value: guarded(
      () => copy(root),
      (message) => report("CREW1007", message),
    ),
    problems,
    unset,
  };
}

function guarded(read: () => unknown, report: (message: string) => undefined): unknown {
  try {
    return read();
  } catch (error) {
    return report(`Reading the value failed: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** What an object is that is no plain record. */
function unplain(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return undefined;
  if (typeof (value as { then?: unknown }).then === "function") return "a promise";
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (kind === "Module") return undefined;
  if (kind !== "Object") return `a ${kind}`;
  const isRecord = Object.getPrototypeOf(prototype as object) === null;
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  if (isRecord && name === "Object") return undefined;
  return typeof name === "string" && name !== "" ? `an instance of class ${name}` : "an instance of a class";
}
