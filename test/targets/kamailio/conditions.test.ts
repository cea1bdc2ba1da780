/** Rules as rows: fields only where some rule uses them, sets of headers and hours shared. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { emit } from "../../../src/targets/kamailio/emit.ts";
import { lower } from "../../../src/targets/kamailio/lower/index.ts";

const agents = { a: { uri: "sip:10.0.4.10:5080" } };
const hours = { time_zone: "Europe/Berlin", days: ["fri"], from: "22:00", to: "02:00" };
const header = { name: "X-Queue", equals: "sales | a" };

function doc(matches: readonly object[], trunk: object = {}, sip: object = {}) {
  const inbound_routes = matches.map((match) => ({ match, agent_id: "a" }));
  const { value, diagnostics } = parseConfig({ agents, ...trunk, sip: { inbound_routes, ...sip } });
  const lowered = value && lower(value).value;
  if (lowered === undefined) throw new Error(JSON.stringify(diagnostics));
  return lowered;
}

function rows(from: ReturnType<typeof doc>, name: string): string[] {
  return (from.tables.find((t) => t.name === name)?.rows ?? []).map((r) => `${r.key} ${r.value}`);
}

const script = (from: ReturnType<typeof doc>): string =>
  emit(from).find((a) => a.path.endsWith(".cfg"))?.text ?? "";

describe("a rule", () => {
  it("has only the fields that some rule uses", () => {
    expect(rows(doc([{ to_prefix: "+49" }]), "rule")).toEqual(["crew:0 0^c1^^^+49^^"]);
    const some = doc([{ to_prefix: "+49" }, { to_pattern: "1|2" }, { to_user: "b", header }]);
    expect(some.ruleFields.slice(7)).toEqual(["to_pattern", "header"]);
    expect(rows(some, "rule")).toEqual([
      "crew:0 0^c1^^^+49^^^^",
      "crew:1 1^c1^^^^^^(1|2)^",
      "crew:2 2^c1^b^^^^^^x1",
    ]);
  });

  it("shares sets of headers and hours with others that ask for the same", () => {
    const found = doc([
      { to_user: "b", header, hours },
      { to_user: "c", header: [header], not_hours: hours },
      { to_user: "d", header: [header, { name: "X-B", present: true }] },
    ]);
    expect(rows(found, "rule").map((r) => r.replace(/.*\^\^\^\^\^/, ""))).toEqual([
      "x1^h1^",
      "x1^^h1",
      "x2^^",
    ]);
    expect(rows(found, "header")).toEqual([
      "x1:0 equals^X-Queue^sales | a",
      "x2:0 equals^X-Queue^sales | a",
      "x2:1 present^X-B",
    ]);
    expect(rows(found, "hours")).toEqual([
      "h1:0 Europe/Berlin^fri^1320^1440",
      "h1:1 Europe/Berlin^sat^0^120",
    ]);
    expect(rows(found, "clock")).toHaveLength(28);
    expect(rows(found, "clock")[0]).toBe("Europe/Berlin:2026 60^03290100^120^10250100^60");
  });

  it("that asks for a user that is a number asks for the number", () => {
    expect(rows(doc([{ to_user: "+493012345", caller_prefix: "+43" }]), "rule")).toEqual([
      "crew:0 0^c1^^+493012345^^^+43",
    ]);
  });
});

describe("the script", () => {
  it("of an edge without conditions, own codes and own answers has nothing of them", () => {
    const plain = script(doc([{ to_user: "b" }, { to_prefix: "+49" }], { limits: { calls: 3 } }));
    for (const word of ["route[CONDITIONS]", "route[HOURS]", "GOES_ON", "6xx", ":response", '"0^"'])
      expect(plain, word).not.toContain(word);
  });

  it("asks for what it is told to ask for, and for nothing else", () => {
    const found = script(doc([{ hours }], {}, { failover: { continue_on: [486] } }));
    for (const word of ["route[CONDITIONS]", "route[HOURS]", "route[CLOCK]", "route[GOES_ON]"])
      expect(found, word).toContain(word);
    for (const word of ["route[HEADERS]", "regex_substring"]) expect(found, word).not.toContain(word);
  });
});

it("codes of a trunk and the answer of a full one are data", () => {
  const limits = { calls: 3, response: { code: 486 } };
  const found = doc([{}], { limits }, { failover: { continue_on: [486], stop_on: [503] } });
  expect(rows(found, "failover")).toEqual(["crew:486 1", "crew:503 0"]);
  expect(rows(found, "limit")).toEqual(["crew:calls 3", "crew:response 486^Busy Here"]);
});
