/** Large route tables: entries that share rows are found on the wire, and nothing else is. */
import { afterEach, describe, expect, test } from "vitest";
import { headerValues } from "../../../src/phone/message.ts";
import { dbTextLines } from "../../../src/targets/kamailio/escape.ts";
import { group } from "../../../src/targets/kamailio/lower/grouped.ts";
import { request, unique, uriOf } from "../../e2e/kit/message.ts";
import { startEdge } from "../../lab/edge.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import { agentSide, answer, carrierSide, half, loopbackEdge } from "./calls.ts";

const entries = (count: number, name: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => ({ key: `acme:${name(i)}`, value: `c${i}` }));

describe("rows", () => {
  test("numbers share a row by their last digits, a line for each", () => {
    const { rows, grouping } = group(entries(20_000, (i) => `+1415${1_000_000 + i}`));
    expect(grouping).toEqual({ by: "end", characters: 3, lead: "" });
    expect(rows).toHaveLength(1000);
    expect(rows[7]).toMatchObject({ key: "007^" });
    expect(rows[7]?.value).toContain("acme:+14151013007^c13007");
  });
  test.each([5_000, 30_000, 200_000])("no row of %i numbers is long", (count) => {
    const { rows } = group(entries(count, (i) => `+${10_000_000_000 + ((i * 7_368_787) % 982_451_653)}`));
    const lines = rows.map((r) => (r.value as readonly string[]).length);
    expect(lines.reduce((sum, n) => sum + n, 0)).toBe(count);
    expect(Math.max(...lines)).toBeLessThanOrEqual(64);
  });
  test("one entry, all that is left of many that say the same", () => {
    expect(group(entries(1, () => "+14155551111")).rows).toEqual([
      { key: "1^", value: ["acme:+14155551111^c0"], at: undefined },
    ]);
  });
  test("names that end alike share a row by their MD5", () => {
    const { rows, grouping } = group(entries(6_000, (i) => `u${i}.office-berlin`));
    expect(grouping).toEqual({ by: "md5", characters: 2, lead: "" });
    expect(rows).toHaveLength(256);
  });
  test("a short trunk's name is led in, so that every entry has an end", () => {
    const short = entries(30_000, (i) => `${i}`).map((e) => ({ ...e, key: e.key.replace("acme", "t") }));
    const { rows, grouping } = group(short);
    expect(grouping).toEqual({ by: "end", characters: 4, lead: "--" });
    expect(rows.find((r) => r.key === "-t:7^")?.value).toEqual(["--t:7^c7"]);
  });
  test("lines of a field are parted as db_text reads them", () => {
    expect(dbTextLines(["a|b", "c\\d"])).toBe("a\\|b\\nc\\\\d");
    expect(() => dbTextLines([])).toThrow();
    expect(() => dbTextLines(["a\nb"])).toThrow();
  });
});

let lab: Lab | undefined;
afterEach(() => lab?.close());

/** Starts an edge for calls of 127.0.0.2: what a call finds is the agent and the user that it is called by. */
async function routing(engine: string, trunk: Record<string, unknown>, inbound_routes: readonly unknown[]) {
  const place = await openLab();
  lab = place;
  const caller = await half(place, "127.0.0.2", 5070, carrierSide);
  const agent = await half(place, "127.0.0.3", 5080, agentSide);
  const agents = Object.fromEntries(["a", "b", "c", "d"].map((id) => [id, { uri: "sip:127.0.0.3:5080" }]));
  const codecs = [{ name: "PCMU" }];
  const draft = loopbackEdge({ agents, ...trunk }, { inbound_routes, codecs });
  const edge = await startEdge(place, { ...(draft as object), engine });
  const call = async (user: string, from = "+14155550100"): Promise<string> => {
    const callId = unique("call");
    await caller.send(request({ at: caller.at, uri: `sip:${user}@${carrierSide.address}`, callId, from }));
    return callId;
  };
  return {
    async finds(user: string, from?: string): Promise<string> {
      const callId = await call(user, from);
      const got = await agent.next(callId, "INVITE");
      await agent.send(answer(agent, got, "486 Busy Here"));
      await caller.next(callId, 486);
      return `${headerValues(got, "X-Crew-Agent")[0]} ${uriOf(got).replace(/^sip:|@.*/g, "")}`;
    },
    /** Waits for 404, and says what Kamailio complained about. */
    async misses(user: string): Promise<string> {
      await caller.next(await call(user), 404);
      return edge.kamailio.lines.filter((line) => /\b(?:ERROR|WARNING): </.test(line)).join("\n");
    },
  };
}

const to = (agent_id: string, match: object) => ({ match, agent_id });
const block = (count: number, start: string, first: number) =>
  Array.from({ length: count }, (_, i) => to("a", { to_uri: `${start}${first + i}` }));

describe.each(["6.1", "6.0", "5.6"])("Kamailio %s", (engine) => {
  test("places are compared: rules before and after, national forms, names, misses", async () => {
    const { finds, misses } = await routing(engine, { crew_id: "t", country: "DE" }, [
      to("b", { to_prefix: "+4930", caller_prefix: "+43" }),
      ...block(6_000, "+4930", 100_000),
      to("c", { to_user: "support" }),
      to("c", { to_user: "7" }),
      to("d", { to_prefix: "+4930" }),
      to("d", { to_uri: "+49401239" }),
    ]);
    expect(await finds("+4930100000")).toBe("a +4930100000");
    expect(await finds("030105999")).toBe("a +4930105999");
    expect(await finds("004930-103-333")).toBe("a +4930103333");
    expect(await finds("030105999", "+43660")).toBe("b +4930105999");
    expect(await finds("support")).toBe("c support");
    expect(await finds("7")).toBe("c 7");
    expect(await finds("+4930106000")).toBe("d +4930106000");
    expect(await finds("0401239")).toBe("d +49401239");
    for (const user of ["Support", "8", "x", "ort", "support^", "7^6001/c3", "+49401239^", "+49401234"])
      expect(await misses(user), user).toBe("");
  });

  test("no places: numbers, names that end alike, misses", async () => {
    const names = Array.from({ length: 5_000 }, (_, i) => to("c", { to_user: `u${i}.berlin` }));
    const { finds, misses } = await routing(engine, {}, [...names, to("a", { to_uri: "+14155551111" })]);
    expect(await finds("u0.berlin")).toBe("c u0.berlin");
    expect(await finds("u4999.berlin")).toBe("c u4999.berlin");
    expect(await finds("1-415-555-1111")).toBe("a +14155551111");
    for (const user of ["u5000.berlin", "u499.berli", "U0.berlin", "u0.berlin^c1", "+1415555111"])
      expect(await misses(user), user).toBe("");
  });
});
