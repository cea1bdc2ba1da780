import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labEngine } from "../../lab/edge.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import { compile, lines, load, modelOf, type Nft, nftOf } from "./firewall.ts";

beforeAll(async () => {
  for (const line of lines) await labEngine(line);
}, 600_000);

/** The rules of a chain as nft lists them, without counts. */
function rulesOf(text: string, chain: string): string[] {
  const body =
    new RegExp(`chain ${chain} \\{\\n([^}]*(?:\\{[^}]*\\}[^}]*)*?)\\n\\s*\\}\\n`).exec(text)?.[1] ?? "";
  return body
    .split("\n")
    .map((line) => line.trim().replace(/counter packets \d+ bytes \d+/, "counter"))
    .filter((line) => line !== "" && !line.startsWith("type "));
}

/** What nft of some versions writes in another way. */
function asListed(rule: string): string {
  return rule
    .replace("ffff:ffff:ffff:ffff:: @ban6", "ffff:ffff:ffff:ffff:: == @ban6")
    .replace("tcp flags & (fin | syn | rst | ack) != syn", "tcp flags != syn / fin,syn,rst,ack");
}

interface Listing {
  readonly nftables: readonly {
    readonly set?: { readonly name: string; readonly elem?: readonly unknown[] };
  }[];
}

describe.each(lines)("nft of engine line %s", (line) => {
  let lab: Lab;
  let nft: Nft;
  beforeAll(async () => {
    lab = await openLab();
    nft = await nftOf(lab, line);
  });
  afterAll(() => lab.close());

  async function elements(set: string, table = "crew_lab"): Promise<readonly unknown[]> {
    const listing = JSON.parse(await nft("-j", "list", "set", "inet", table, set)) as Listing;
    return listing.nftables.find((o) => o.set)?.set?.elem ?? [];
  }

  test("holds exactly the rules and addresses that were emitted, open and closed, IPv4 and IPv6", async () => {
    for (const digest of [false, true]) {
      const { artifact } = compile(
        modelOf({ digest, allowed: ["203.0.113.10", "203.0.113.16/28", "2001:db8:1::/64"] }),
      );
      await load(lab, nft, artifact.text);
      const listed = await nft("list", "table", "inet", "crew_lab");
      for (const chain of ["input", "carrier", "agents"]) {
        const emitted = rulesOf(artifact.text.slice(artifact.text.lastIndexOf("\ntable")), chain);
        expect(emitted.length).toBeGreaterThan(4);
        const rules = rulesOf(`${listed}\n`, chain);
        expect(rules.map(asListed)).toEqual(emitted.map(asListed));
      }
      expect(await elements("trunk4")).toEqual([
        "203.0.113.10",
        { prefix: { addr: "203.0.113.16", len: 28 } },
      ]);
      expect(await elements("trunk6")).toEqual([{ prefix: { addr: "2001:db8:1::", len: 64 } }]);
      expect(await elements("agent4")).toEqual(["10.0.4.10"]);
    }
  });

  test("is replaced in one step: old addresses go, bans stay, nothing else is touched", async () => {
    await nft("add", "table", "inet", "somebody_else");
    await nft(
      "add",
      "chain",
      "inet",
      "somebody_else",
      "input",
      "{ type filter hook input priority 0; policy drop; }",
    );
    await nft("add", "rule", "inet", "somebody_else", "input", "tcp", "dport", "22", "accept");
    const theirs = await nft("list", "table", "inet", "somebody_else");
    await load(lab, nft, compile(modelOf({ allowed: ["203.0.113.10"] })).artifact.text);
    await nft("add", "element", "inet", "crew_lab", "ban4", "{ 192.0.2.66 timeout 1h }");
    await load(lab, nft, compile(modelOf({ allowed: ["203.0.113.11"], digest: true })).artifact.text);
    expect(await elements("trunk4")).toEqual(["203.0.113.11"]);
    expect(JSON.stringify(await elements("ban4"))).toContain("192.0.2.66");
    expect(await nft("list", "table", "inet", "somebody_else")).toBe(theirs);
    await nft("delete", "table", "inet", "somebody_else");
  });

  test("keeps what is in force where a replacement is refused", async () => {
    await nft("delete", "table", "inet", "crew_lab");
    await load(lab, nft, compile(modelOf({ allowed: ["203.0.113.10"] })).artifact.text);
    const before = await nft("list", "table", "inet", "crew_lab");
    const broken = compile(modelOf({ allowed: ["203.0.113.12"] })).artifact.text.replace(
      "jump agents",
      "jump nowhere",
    );
    await expect(load(lab, nft, broken)).rejects.toThrow(/nowhere|No such file/);
    expect(await nft("list", "table", "inet", "crew_lab")).toBe(before);
  });

  test("serves two edges of one host in two tables", async () => {
    await load(lab, nft, compile(modelOf({ name: "edge-1", allowed: ["203.0.113.21"] })).artifact.text);
    await load(lab, nft, compile(modelOf({ name: "edge-2", allowed: ["203.0.113.22"] })).artifact.text);
    expect(await elements("trunk4", "crew_edge-1")).toEqual(["203.0.113.21"]);
    expect(await elements("trunk4", "crew_edge-2")).toEqual(["203.0.113.22"]);
  });

  test("takes everything, nothing beside it, and duplicates", async () => {
    await load(lab, nft, compile(modelOf({ allowed: ["203.0.113.0/24", "203.0.113.7"] })).artifact.text);
    expect(await elements("trunk4")).toEqual([{ prefix: { addr: "203.0.113.0", len: 24 } }]);
  });

  test("loads ten thousand networks in seconds", async () => {
    // nft 1.0.6 can raise its socket's buffer only as the host's root: in a lab its transactions end at about 2500.
    const count = line === "5.6" ? 2000 : 10_000;
    const allowed = Array.from(
      { length: count },
      (_, i) => `100.${64 + (i >> 10)}.${(i >> 2) & 255}.${(i & 3) * 64}/27`,
    );
    const { artifact } = compile(modelOf({ allowed }));
    await load(lab, nft, artifact.text);
    expect((await elements("trunk4")).length).toBe(count);
  }, 20_000);
});
