/** The hosts of the carrier side that a trunk names. */
import type { JsonPointer } from "../../core/pointer.ts";
import type { TrunkModel } from "../../model/model.ts";

export interface Carrier {
  readonly at: JsonPointer;
  readonly host: string;
}

/** Where calls go, and the registrar. */
export function carriersOf(trunk: TrunkModel): readonly Carrier[] {
  return [...(trunk.outbound?.targets ?? []), ...registrarOf(trunk)];
}

/** The registrar, where it is not one of the targets anyway. */
export function registrarOf({ outbound }: TrunkModel): readonly Carrier[] {
  if (outbound?.register === undefined) return [];
  const { at, registrar } = outbound.register;
  return outbound.targets.some((t) => t.host === registrar.host) ? [] : [{ at, host: registrar.host }];
}
