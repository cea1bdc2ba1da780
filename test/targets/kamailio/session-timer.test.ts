/** Session timers as a table, and a script that knows nothing of them where no trunk has one. */
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { kamailio } from "../../../src/targets/kamailio/index.ts";

const timer = (...timers: readonly unknown[]) => {
  const trunks = timers.map((session_timer, i) => ({
    crew_id: `t${i}`,
    sip: { codecs: [{ name: "PCMU" }], ...(session_timer === undefined ? {} : { session_timer }) },
  }));
  const model = parseConfig({ trunks }).value;
  const doc = model && kamailio.lower(model).value;
  if (doc === undefined) throw new Error("the config does not compile");
  const rows = doc.tables.find((t) => t.name === "timer")?.rows;
  const script = kamailio.emit(doc).find((a) => a.path.endsWith("kamailio.cfg"))?.text ?? "";
  return { rows, script };
};

test("each trunk has a row, the default without being asked", () => {
  const { rows, script } = timer(undefined, { expires: 600 }, { min: 300 });
  expect(rows).toEqual([
    { key: "t0", value: "1800^90", at: "/trunks/0/sip" },
    { key: "t1", value: "600^90", at: "/trunks/1/sip/session_timer" },
    { key: "t2", value: "1800^300", at: "/trunks/2/sip/session_timer" },
  ]);
  expect(script).toContain("route[SESSION_TIMER]");
});

test("a trunk without one has none", () => {
  expect(timer(false, {}).rows).toMatchObject([{ key: "t1" }]);
});

test("where no trunk has one the script does not look for them", () => {
  const { rows, script } = timer(false);
  expect(rows).toBeUndefined();
  expect(script).not.toMatch(/SESSION_|Min-SE:|\(timer=>/);
});
