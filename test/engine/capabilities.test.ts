import { describe, expect, test } from "vitest";
import { capability, capabilityTable, lostCapabilities } from "../../src/engine/capabilities.ts";
import { capabilities, capabilityNames } from "../../src/engine/capability-names.ts";
import { engineLine, engineLines, enginePackages } from "../../src/engine/lines.ts";
import { advisories, unsafeRevision } from "../../src/engine/revisions.ts";

const status = (line: (typeof engineLines)[number]) =>
  Object.fromEntries(capabilityNames.map((name) => [name, capability(line, name).status]));

describe("capabilities", () => {
  test("each line answers for each, and every refusal has a reason", () => {
    for (const line of engineLines)
      for (const name of capabilityNames) {
        const c = capability(line, name);
        if (c.status !== "yes") expect(c.reason.length, `${line} ${name}`).toBeGreaterThan(20);
        if (c.status === "unsafe") expect(c.advisories).not.toEqual([]);
      }
  });

  test("of the current line: all but events of 8 kHz beside Opus", () => {
    expect(Object.entries(status("6.1")).filter(([, s]) => s !== "yes")).toEqual([["opus_dtmf_8000", "no"]]);
  });

  test("of Debian 13: TLS and digest, but no learned media", () => {
    expect(status("6.0")).toMatchObject({
      tls: "yes",
      tcp_public: "yes",
      digest_inbound: "yes",
      learned_media: "unsafe",
    });
  });

  test("of Debian 12: UDP, fixed peers and pass-through only", () => {
    const yes = Object.entries(status("5.6")).flatMap(([name, s]) => (s === "yes" ? [name] : []));
    expect(yes.sort()).toEqual(
      [
        "udp",
        "ip_allowlist",
        "fixed_media",
        "codec_order",
        "delayed_offer",
        "outbound_digest",
        "outbound_registration",
        "registration_reload",
        "sha256_digest_outbound",
        "live_tables",
        "ipv6",
      ].sort(),
    );
  });

  test("follow the installed revision", () => {
    const old = { kamailio: "6.0.1-1+deb13u1" };
    expect(capability("6.0", "tcp_public", old)).toMatchObject({ status: "unsafe" });
    expect(capability("6.0", "tcp_public", { kamailio: "6.0.1-1+deb13u3" }).status).toBe("yes");
    expect(capability("6.0", "learned_media", { "rtpengine-daemon": "12.5.1.55+0~mr12.5.1.55" }).status).toBe(
      "yes",
    );
    expect(lostCapabilities("6.0", old).map((l) => l.name)).toEqual([
      "tcp",
      "tcp_public",
      "tls",
      "tls_client_certificate",
      "digest_inbound",
      "sha256_digest",
    ]);
    expect(lostCapabilities("6.0", {})).toEqual([]);
  });
});

describe("unsafe revisions", () => {
  const ids = (...args: Parameters<typeof unsafeRevision>) => unsafeRevision(...args).map((a) => a.id);

  test.each([
    ["12.5.1.31-1", true],
    ["12.5.1.48-1", false],
    ["10.5.3.5-1", true],
    ["10.5.3.5-1+deb12u1", false],
    ["11.5.1.24+0~mr11.5.1.24", true],
    ["13.3.1.4-1", true],
    ["26.0.1.26-1", false],
  ])("rtpengine %s has CVE-2025-53399: %s", (version, affected) => {
    expect(ids("rtpengine-daemon", version).includes("CVE-2025-53399")).toBe(affected);
  });

  test.each([
    ["5.6.3-2", true],
    ["5.8.8-1", false],
    ["6.0.1-1+deb13u1", true],
    ["6.0.1-1+deb13u2", false],
    ["6.0.1+bpo12", true],
    ["6.0.5-1", true],
    ["6.0.6+bpo13", false],
    ["6.1.0-1", true],
    ["6.1.1-1", false],
  ])("kamailio %s has CVE-2026-39863: %s", (version, affected) => {
    expect(ids("kamailio", version).includes("CVE-2026-39863")).toBe(affected);
  });

  test("name capabilities that exist, and a source", () => {
    for (const a of advisories) {
      expect(a.affects.filter((name) => !(name in capabilities))).toEqual([]);
      expect(a.affects.length * a.affected.length).toBeGreaterThan(0);
      expect(a.source).not.toBe("");
    }
  });
});

test("a line knows its packages and their reference revisions", () => {
  for (const line of engineLines) {
    const info = engineLine(line);
    expect(info.packages).toEqual(expect.arrayContaining([...enginePackages]));
    expect(info.reference.kamailio.startsWith(info.kamailio)).toBe(true);
    expect(info.reference["rtpengine-daemon"].startsWith(info.rtpengine)).toBe(true);
    // Its crypto module seals what one side does not learn of the other.
    expect(info.packages).toContain("kamailio-tls-modules");
  }
});

test("the table has a row per capability, a column per line and a note per reason", () => {
  const lines = capabilityTable().split("\n");
  const rows = lines.filter((l) => l.startsWith("| `"));
  expect(rows).toHaveLength(capabilityNames.length);
  for (const row of rows) expect(row.split(" | ")).toHaveLength(2 + engineLines.length);
  const cited = new Set(rows.flatMap((r) => [...r.matchAll(/\[(\d+)\]/g)].map((m) => Number(m[1]))));
  const notes = lines.flatMap((l) => /^(\d+)\. /.exec(l)?.[1] ?? []).map(Number);
  expect([...cited].sort((a, b) => a - b)).toEqual(notes);
  expect(notes).toEqual(notes.map((_, i) => i + 1));
});
