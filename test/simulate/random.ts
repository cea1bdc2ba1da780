/** Random trunks and calls that have a good chance of meeting: a small world of numbers, users, callers and headers. */
import fc from "fast-check";

export type Condition =
  | "to_user"
  | "to_uri"
  | "to_prefix"
  | "to_pattern"
  | "caller"
  | "caller_prefix"
  | "header"
  | "hours"
  | "not_hours";

const users = ["support", "Support", "110", "2003", "+493012345", "*", "a.b", "3012345", "sales;x=1"];
const numbers = ["+493012345", "+493012346", "+14155551111", "+4930999", "+491", "110", "2003"];
const patterns = [
  ...["[2-4][0-9]{3}", "(2003|2004)", "[+]49.*", "[sS]upport", "S.*", "sup{1,2}ort", "a[.]b", "a.b"],
  ...["[*]", ".*", "110?", "s[a-z]+=.", "[0-9+]+", "(00)?49[0-9]{2,4}3?45"],
];
const zones = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "UTC"];
const headerValues = ["sales", "Sales", "al", "a|b", "a b", "x=1; y=$z"];

const header = fc.oneof(
  fc.record({
    name: fc.constantFrom("X-Queue", "x-queue", "Subject"),
    equals: fc.constantFrom(...headerValues),
  }),
  fc.record({
    name: fc.constantFrom("X-Queue", "s", "X-Other"),
    contains: fc.constantFrom(...headerValues),
  }),
  fc.record({ name: fc.constantFrom("X-Queue", "X-OTHER"), present: fc.constant(true) }),
);
const time = fc
  .integer({ min: 0, max: 47 })
  .map((n) => `${String(n >> 1).padStart(2, "0")}:${n % 2 ? "30" : "00"}`);
const hours = fc.record(
  {
    time_zone: fc.constantFrom(...zones),
    days: fc.uniqueArray(fc.constantFrom("mon", "tue", "wed", "thu", "fri", "sat", "sun"), {
      minLength: 1,
      maxLength: 6,
    }),
    from: time,
    to: time,
  },
  { requiredKeys: ["time_zone", "from", "to"] },
);

const conditions: Record<Condition, fc.Arbitrary<unknown>> = {
  to_user: fc.constantFrom(...users),
  to_uri: fc.constantFrom(...numbers),
  to_prefix: fc.constantFrom("+49", "+4930", "+1", "+1415", "+4"),
  to_pattern: fc.constantFrom(...patterns),
  caller: fc.constantFrom("+4366012", "+12125550100"),
  caller_prefix: fc.constantFrom("+43", "+1", "+49"),
  header: fc.oneof(header, fc.array(header, { minLength: 1, maxLength: 3 })),
  hours: fc.oneof(hours, fc.array(hours, { minLength: 1, maxLength: 3 })),
  not_hours: fc.oneof(hours, fc.array(hours, { minLength: 1, maxLength: 3 })),
};

/** Mostly one condition on the called party, and up to two others; seldom none at all, which takes every call. */
function match(kinds: readonly Condition[]): fc.Arbitrary<Record<string, unknown>> {
  const called = kinds.filter((k) => k.startsWith("to_"));
  const others = kinds.filter((k) => !k.startsWith("to_"));
  return fc
    .tuple(fc.subarray(called), fc.subarray(others), fc.constantFrom(...kinds), fc.nat({ max: 9 }))
    .chain(([a, b, single, dice]) => {
      const drawn = [...a.slice(0, dice > 7 ? 2 : 1), ...b.slice(0, 2)];
      const chosen = drawn.length === 0 && dice > 0 ? [single] : drawn;
      return fc.record(Object.fromEntries(chosen.map((k) => [k, conditions[k]])));
    });
}

/** Routes whose agents and refusals tell which route it was. */
export function routes(kinds: readonly Condition[]): fc.Arbitrary<object[]> {
  const exactOnly = kinds.every((k) => k === "to_user" || k === "to_uri");
  const one = fc.tuple(match(kinds), fc.integer({ min: 0, max: 3 }));
  return fc.array(one, { minLength: 4, maxLength: 12 }).map((drawn) =>
    drawn
      // Without any condition a route takes all calls, and no other kind of edge is made.
      .filter(([m]) => !exactOnly || Object.keys(m).length === 1)
      .map(([m, shape], i) => {
        const refuse = { code: 600 + i, reason: `route ${i}` };
        if (shape === 0) return { match: m, refuse };
        const on_failure = [
          ...(shape > 1 ? [{ agent_id: `b${i}` }] : []),
          ...(shape > 2 ? [{ refuse }] : []),
        ];
        return { match: m, agent_id: `a${i}`, on_failure };
      }),
  );
}

export const country = fc.constantFrom(undefined, "DE", "US", "GB");

export interface CallDraft {
  /** "" stands for none. */
  readonly user: string;
  readonly to: string;
  readonly from: string;
  /** As they are written. */
  readonly headers: readonly string[];
}

const dialled = [
  ...users,
  ...["00493012345", "03012345", "493012345", "+49(30)12-345", "+493012345;phone-context=x", "%2B493012345"],
  ...["+493012346", "3012346", "4155551111", "14155551111", "+14155551111", "0114930999", "+4930999"],
  ...[
    "0",
    "00",
    "49",
    "+",
    "2004",
    "2103",
    "suport",
    "suppport",
    "SUPPORT",
    "acbd",
    "axb",
    "110",
    "1-10",
    "11",
  ],
];
const headers = [
  ...["X-Queue: sales", "x-queue:Sales", "X-QUEUE :  wholesale  ", "X-Queue: a|b", "X-Queue: a\r\n\t b"],
  ...[
    "s: sales",
    "SUBJECT: x=1; y=$z",
    "Subject: a b",
    "X-Other:",
    "X-Other: x=1; y=$z and more",
    "X-Queue: \r\n sales",
  ],
];

export const call = (trunk: string): fc.Arbitrary<CallDraft> =>
  fc.record({
    user: fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...dialled) }, fc.constantFrom("", trunk, trunk)),
    to: fc.constantFrom("", ...dialled),
    from: fc.constantFrom("+4366012", "004366012", "4366012", "+12125550100", "2125550100", "anonymous", ""),
    headers: fc.uniqueArray(fc.constantFrom(...headers), { maxLength: 3 }),
  });
