/** Which findings are about which property: by looking where those of wrong configs point. */
import { checks, runChecks } from "../../../checks/index.ts";
import type { Diagnostic } from "../../../core/diagnostic.ts";
import { parseConfig } from "../../../model/parse.ts";
import { targets } from "../../../targets/registry.ts";
import { faults } from "./faults.ts";
import { type ConfigSchema, propertyAt } from "./properties.ts";

/** `Type.property` → codes, sorted. Those of the shape of a config (CREW200x) can be about any property and are left out. */
export function findingsByProperty(schema: ConfigSchema): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  const note = (draft: unknown, diagnostics: readonly Diagnostic[]): void => {
    for (const { code, pointer } of diagnostics) {
      const property = pointer === undefined ? undefined : propertyAt(schema, draft, pointer);
      if (property === undefined || /^CREW200/.test(code)) continue;
      found.set(property, (found.get(property) ?? new Set()).add(code));
    }
  };
  for (const check of checks) {
    const draft: unknown = JSON.parse(check.bad);
    note(draft, checked(draft));
  }
  for (const draft of faults) note(draft, [...checked(draft), ...targeted(draft)]);
  return new Map([...found].map(([property, codes]) => [property, [...codes].sort()]));
}

/** What is said of a config before any target sees it. */
function checked(draft: unknown): readonly Diagnostic[] {
  const { value, diagnostics } = parseConfig(draft);
  return value === undefined ? diagnostics : [...diagnostics, ...runChecks(value)];
}

/** What the targets say of it. */
function targeted(draft: unknown): readonly Diagnostic[] {
  const { value } = parseConfig(draft);
  return value === undefined ? [] : targets.flatMap((t) => t.build(value).diagnostics);
}
