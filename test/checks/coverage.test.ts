import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { covers } from "../../src/checks/coverage.ts";
import type { MatchModel, TrunkModel } from "../../src/model/model.ts";

function trunkOf(matches: readonly MatchModel[]): TrunkModel {
  return {
    at: "",
    id: "t",
    auth: { type: "none" },
    agents: [],
    routes: matches.map((match, index) => ({ at: `/${index}`, index, label: "", match, destinations: [] })),
    codecs: [],
    nat: false,
    media_encryption: "disabled",
    keys_over_clear_signalling: false,
    transcode: "auto",
    dtmf: "auto",
    refer: "off",
    failover: { continue_on: [], stop_on: [] },
    limits: { inbound: {}, outbound: {}, response: { code: 503, reason: "" } },
    caller_id: { source: "from", fallback: "from" },
    inbound_headers: [],
    outbound_headers: [],
  };
}

/** Each condition of `wide` follows from those of `narrow`: the definition, pair by pair. */
function implied(narrow: MatchModel, wide: MatchModel): boolean {
  const number = narrow.to_number ?? (narrow.to_user?.startsWith("+") ? narrow.to_user : undefined);
  const starts = (text: string | undefined, prefix: string) => text?.startsWith(prefix) === true;
  return (
    (wide.to_user === undefined || narrow.to_user === wide.to_user) &&
    (wide.to_number === undefined || number === wide.to_number) &&
    (wide.to_prefix === undefined || starts(number ?? narrow.to_prefix, wide.to_prefix)) &&
    (wide.to_pattern === undefined || sameFurther(narrow, wide)) &&
    (wide.headers === undefined || sameFurther(narrow, wide)) &&
    (wide.hours === undefined || sameFurther(narrow, wide)) &&
    (wide.caller === undefined || narrow.caller === wide.caller) &&
    (wide.caller_prefix === undefined || starts(narrow.caller ?? narrow.caller_prefix, wide.caller_prefix))
  );
}

/** Pattern, headers and hours are not taken apart: together they are one condition. */
function sameFurther(a: MatchModel, b: MatchModel): boolean {
  const further = ({ to_pattern, headers, hours }: MatchModel) => [
    to_pattern,
    headers?.map((h) => h.name),
    hours?.map((h) => h.from),
  ];
  return JSON.stringify(further(a)) === JSON.stringify(further(b));
}

const number = fc.constantFrom("+141", "+1415", "+142", "+491");
const prefix = fc.constantFrom("+1", "+14", "+141", "+49");
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
/** At most one condition on the called party; the others are free. */
const match = fc
  .record({
    called: fc.oneof(
      fc.constant({}),
      fc.constantFrom("main", "+141").map((to_user) => ({ to_user })),
      number.map((to_number) => ({ to_number })),
      prefix.map((to_prefix) => ({ to_prefix })),
    ),
    caller: optional(number),
    caller_prefix: optional(prefix),
    further: fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      fc.constantFrom("4[0-9]{2}", "5[0-9]{2}").map((to_pattern) => ({ to_pattern })),
      fc
        .tuple(fc.constantFrom("X-Queue", "X-Tag"), fc.integer({ min: 0, max: 9 }))
        .map(([name, i]) => ({ headers: [{ at: `/${i}`, name, test: "present" as const }] })),
      fc.tuple(fc.constantFrom(540, 600), fc.integer({ min: 0, max: 9 })).map(([from, i]) => ({
        hours: [{ at: `/${i}`, time_zone: "Europe/Berlin", days: ["mon" as const], from, to: 1020 }],
      })),
    ),
  })
  .map(
    ({ called, further, ...rest }): MatchModel => ({
      ...called,
      ...further,
      ...Object.fromEntries(Object.entries(rest).filter(([, v]) => v !== undefined)),
    }),
  );

/** Rules that contradict themselves match nothing; they have a check of their own. */
const possible = match.filter(
  (m) => m.caller === undefined || m.caller_prefix === undefined || m.caller.startsWith(m.caller_prefix),
);

function expectPairs(matches: readonly MatchModel[]): void {
  const expected = matches.flatMap((narrow, i) => {
    const by = matches.findIndex((wide, j) => j < i && implied(narrow, wide));
    return by < 0 ? [] : [[i, by]];
  });
  const found = covers(trunkOf(matches)).map((c) => [c.route.index, c.by.index]);
  expect(found).toEqual(expected);
}

describe("covers", () => {
  it("finds what comparing all pairs finds", () => {
    fc.assert(fc.property(fc.array(possible, { maxLength: 12 }), expectPairs), { numRuns: 2000 });
  });

  it("finds the same where every route has an exact condition", () => {
    const exact = possible.filter((m) => m.to_user !== undefined || m.to_number !== undefined);
    fc.assert(fc.property(fc.array(exact, { maxLength: 6 }), expectPairs), { numRuns: 2000 });
  });
});
