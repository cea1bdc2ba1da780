/** Certificates for TLS in a lab: an authority of its own, and what it signs. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./netns.ts";

export interface Certificate {
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
  /** Both in one file, as baresip wants them. */
  readonly both: string;
  readonly ca: string;
}

export interface Authority {
  /** Path of its PEM certificate. */
  readonly ca: string;
  /** A certificate for these DNS names and IP addresses; the first is the common name. Good for `days`, default 2. */
  issue(names: readonly string[], options?: { readonly days?: number }): Promise<Certificate>;
}

let made = 0;

/** A new authority, that nobody else trusts. */
export async function authority(lab: Lab): Promise<Authority> {
  const dir = join(lab.dir, `ca-${++made}`);
  mkdirSync(dir, { recursive: true });
  const openssl = async (...args: readonly string[]): Promise<void> => {
    // Without a file of its own openssl looks for the distribution's configuration, which is not there.
    const command = lab.tools.command("openssl", args);
    const { code, output } = await lab.exec(command, {
      cwd: dir,
      env: { OPENSSL_CONF: join(dir, "openssl.cnf") },
    });
    if (code !== 0) throw new Error(`openssl ${args[0]}: ${output}`);
  };
  writeFileSync(
    join(dir, "openssl.cnf"),
    "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:true\nkeyUsage=keyCertSign\nsubjectKeyIdentifier=hash\n",
  );
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const ca = join(dir, "ca.pem");
  const self = [
    "-x509",
    "-keyout",
    "ca.key",
    "-out",
    ca,
    "-subj",
    `/CN=Lab ${made}`,
    "-days",
    "2",
    "-extensions",
    "ca",
  ];
  await openssl("req", ...newKey, ...self);
  let issued = 0;
  return {
    ca,
    issue: async (names, { days = 2 } = {}) => {
      const base = join(dir, `leaf-${++issued}`);
      const alternatives = names.map((n) => `${/^[\d.]+$|:/.test(n) ? "IP" : "DNS"}:${n}`).join(",");
      const extensions = `subjectAltName=${alternatives}\nextendedKeyUsage=serverAuth,clientAuth\n`;
      writeFileSync(`${base}.ext`, extensions);
      await openssl(
        "req",
        ...newKey,
        "-keyout",
        `${base}.key`,
        "-out",
        `${base}.csr`,
        "-subj",
        `/CN=${names[0]}`,
      );
      const sign = [
        "-CA",
        ca,
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        `${days}`,
        "-extfile",
        `${base}.ext`,
      ];
      await openssl("x509", "-req", "-in", `${base}.csr`, "-out", `${base}.pem`, ...sign);
      const both = `${base}.both.pem`;
      writeFileSync(both, readFileSync(`${base}.pem`, "utf8") + readFileSync(`${base}.key`, "utf8"), {
        mode: 0o600,
      });
      return { certificate: `${base}.pem`, key: `${base}.key`, both, ca };
    },
  };
}
