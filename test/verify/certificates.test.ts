import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/model/parse.ts";
import { checkCertificates } from "../../src/verify/certificates.ts";
import { throwawayCertificate } from "../../src/verify/throwaway.ts";
import { verifyBundle } from "../../src/verify/verify.ts";
import { authority, type Certificate } from "../lab/certificates.ts";
import { withLab } from "../lab/netns.ts";
import { bundleOnDisk, config, engine } from "./fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "crew-test-certificates-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tls = {
  certificate: join(folder, "edge.pem"),
  private_key: join(folder, "edge.key"),
  ca: join(folder, "ca.pem"),
};
const day = 86_400_000;

let kept: { readonly certificate: string; readonly key: string; readonly ca: string };
beforeAll(async () => {
  await withLab({}, async (lab) => {
    const made: Certificate = await (await authority(lab)).issue(["sip.example.com", "*.edge.example.com"], {
      days: 40,
    });
    kept = {
      certificate: join(folder, "kept.pem"),
      key: join(folder, "kept.key"),
      ca: join(folder, "kept-ca.pem"),
    };
    copyFileSync(made.certificate, kept.certificate);
    copyFileSync(made.key, kept.key);
    copyFileSync(made.ca, kept.ca);
  });
}, 120_000);
beforeEach(() => {
  copyFileSync(kept.certificate, tls.certificate);
  copyFileSync(kept.key, tls.private_key);
  copyFileSync(kept.ca, tls.ca);
});

function found(o: { hostname?: string; later?: number; onEdge?: boolean } = {}): string[] {
  const { value } = parseConfig({
    trunks: [{ crew_id: "acme", sip: {} }],
    network: { public_ip: "198.51.100.7", hostname: o.hostname ?? "sip.example.com", tls },
  });
  if (value === undefined) throw new Error("no model");
  const now = Date.now() + (o.later ?? 0);
  const { diagnostics } = checkCertificates(value.edge.network, { onEdge: o.onEdge ?? true, now });
  return diagnostics.map((d) => `${d.code} ${d.severity} ${d.pointer}`);
}

describe("certificate files", () => {
  it("that are as they should be give nothing", () => {
    expect(found()).toEqual([]);
    expect(found({ hostname: "one.edge.example.com" })).toEqual([]);
  });

  it("that are not there are an error on the edge and a warning elsewhere", () => {
    rmSync(tls.certificate);
    rmSync(tls.ca);
    expect(found()).toEqual(["CREW5120 error /network/tls/certificate", "CREW5120 error /network/tls/ca"]);
    expect(found({ onEdge: false })[0]).toBe("CREW5120 warning /network/tls/certificate");
  });

  it("that hold something else are refused", () => {
    writeFileSync(tls.certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    writeFileSync(tls.private_key, "nothing");
    writeFileSync(tls.ca, "");
    expect(found()).toEqual([
      "CREW5121 error /network/tls/certificate",
      "CREW5121 error /network/tls/ca",
      "CREW5121 error /network/tls/private_key",
    ]);
  });

  it("with a key that asks for a password are refused", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const cipher = { type: "pkcs8", format: "pem", cipher: "aes-128-cbc", passphrase: "x" } as const;
    writeFileSync(tls.private_key, privateKey.export(cipher));
    expect(found()).toEqual(["CREW5121 error /network/tls/private_key"]);
  });

  it("with the key of another certificate are refused", () => {
    writeFileSync(tls.private_key, throwawayCertificate("x").privateKey);
    expect(found()).toEqual(["CREW5122 error /network/tls/private_key"]);
  });

  it("that expire within 30 days are a warning, and later an error", () => {
    expect(found({ later: 9 * day })).toEqual([]);
    expect(found({ later: 11 * day })).toEqual(["CREW5125 warning /network/tls/certificate"]);
    expect(found({ later: 41 * day })).toEqual(["CREW5123 error /network/tls/certificate"]);
    expect(found({ later: -day })).toEqual(["CREW5124 error /network/tls/certificate"]);
  });

  it("for another name are refused", () => {
    expect(found({ hostname: "sip.example.net" })).toEqual(["CREW5126 error /network/tls/certificate"]);
    expect(found({ hostname: "a.b.edge.example.com" })).toEqual(["CREW5126 error /network/tls/certificate"]);
  });
});

it("a throwaway certificate is what it says, and its key fits", () => {
  const { certificate, privateKey } = throwawayCertificate("verify.invalid");
  const read = new X509Certificate(certificate);
  expect(read.subject).toBe("CN=verify.invalid");
  expect(read.verify(read.publicKey)).toBe(true);
  const now = Date.now();
  expect(Date.parse(read.validFrom)).toBeLessThan(now);
  expect(Date.parse(read.validTo)).toBeGreaterThan(now);
  writeFileSync(tls.certificate, certificate);
  writeFileSync(tls.private_key, privateKey);
  expect(found()).toEqual([
    "CREW5125 warning /network/tls/certificate",
    "CREW5126 error /network/tls/certificate",
  ]);
});

describe.each(["6.1", "6.0"] as const)("a bundle with TLS on line %s", (line) => {
  it("boots where its files are not", async () => {
    const base = config(line) as { readonly network: object; readonly trunks: readonly object[] };
    const files = {
      certificate: "/nowhere/edge.pem",
      private_key: "/nowhere/edge.key",
      ca: "/nowhere/ca.pem",
    };
    const agents = { a: { uri: "sip:10.0.4.10:5061;transport=tls" } };
    const auth = { type: "client_certificate", name: "pbx.example.com" };
    const trunk = {
      crew_id: "tls",
      agents,
      sip: { auth, inbound_routes: [{ match: { to_user: "a" }, agent_id: "a" }] },
    };
    const draft = { ...base, network: { ...base.network, tls: files }, trunks: [...base.trunks, trunk] };
    const bundle = bundleOnDisk(line, draft);
    try {
      const { value, diagnostics } = await verifyBundle({
        ...bundle,
        runtime: await engine(line),
        level: "boot",
      });
      expect(diagnostics.map((d) => `${d.code} ${d.severity}`)).toEqual(Array(3).fill("CREW5120 warning"));
      expect(value?.ok).toBe(true);
    } finally {
      bundle.remove();
    }
  });
});
