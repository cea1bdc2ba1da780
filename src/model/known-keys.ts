/** What could stand at a place of the config, read off the schema: for "did you mean". */
import { z } from "zod";

export type Path = readonly PropertyKey[];

/** What could stand at a place of the config. */
export interface KnownKeys {
  /** Property names of the object at a path, or the words of a choice. */
  readonly at: (path: Path) => readonly string[];
  /** Property names of an edge, where the user wrote a trunk alone. */
  readonly ofEdge: readonly string[];
}

/** `implied`: the root that the user wrote is a trunk, so the words of an edge are no help there. */
export function knownKeys(root: z.ZodType, implied: boolean): KnownKeys {
  const at: KnownKeys["at"] = (path) => {
    const types = path.reduce<readonly z.core.$ZodType[]>(
      (held, segment) => held.flatMap((t) => step(t, segment)),
      [root],
    );
    return [...new Set(types.flatMap(unwrap).flatMap(words))];
  };
  if (!implied) return { at, ofEdge: [] };
  return { at: (path) => (path.length === 0 ? [] : at(path)), ofEdge: at([]) };
}

function unwrap(type: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (type instanceof z.ZodOptional) return unwrap(type.unwrap());
  if (type instanceof z.ZodUnion) return type.options.flatMap(unwrap);
  return [type];
}

function step(type: z.core.$ZodType, segment: PropertyKey): readonly z.core.$ZodType[] {
  return unwrap(type).flatMap((t): readonly z.core.$ZodType[] => {
    if (t instanceof z.ZodObject) {
      const inner = t.shape[String(segment)];
      return inner === undefined ? [] : [inner];
    }
    if (t instanceof z.ZodArray) return [t.element];
    if (t instanceof z.ZodRecord) return [t.valueType];
    return [];
  });
}

function words(type: z.core.$ZodType): readonly string[] {
  if (type instanceof z.ZodObject) return Object.keys(type.shape);
  if (type instanceof z.ZodEnum) return type.options.map(String);
  if (type instanceof z.ZodLiteral) return [...type.values].map(String);
  return [];
}
