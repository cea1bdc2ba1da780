/** Certificates of a deployed edge: looked at before a deployment, and taken anew without one. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { authority, type Certificate } from "../lab/certificates.ts";
import { type DeployLab, openDeployLab } from "./edge.ts";

const number = "+14155551111";

let world: DeployLab;
let first: Certificate;
let second: Certificate;
let files: { readonly certificate: string; readonly private_key: string };
beforeAll(async () => {
  world = await openDeployLab();
  const ca = await authority(world.lab);
  first = await ca.issue(["first.example.com", "127.0.0.1"], { days: 40 });
  second = await ca.issue(["second.example.com", "127.0.0.1"], { days: 40 });
  const { dir } = world.lab;
  files = { certificate: join(dir, "edge.pem"), private_key: join(dir, "edge.key") };
}, 300_000);
afterAll(() => world.close());

/** Names in the certificate that the edge shows. */
async function shown(): Promise<string> {
  const { lab } = world;
  const pem = join(lab.dir, "shown.pem");
  const { file, args } = lab.tools.command("openssl", ["s_client", "-connect", "127.0.0.1:5061"]);
  const cut = `exec "$@" </dev/null 2>/dev/null | sed -n '/BEGIN/,/END/p' >${pem}`;
  await lab.exec(["sh", "-c", cut, "sh", file, ...args]);
  const read = ["x509", "-in", pem, "-noout", "-ext", "subjectAltName"];
  return (await lab.exec(lab.tools.command("openssl", read))).output;
}

test("a deployment wants the files, and the guard has a replaced certificate taken within seconds", async () => {
  world.configure([number], {}, { network: { tls: files } });
  const without = await world.deploy();
  expect(without.code).toBe(5);
  expect(without.codes).toContain("CREW5120");
  copyFileSync(first.certificate, files.certificate);
  copyFileSync(first.key, files.private_key);
  expect(await world.deploy()).toMatchObject({ code: 0 });
  expect(await shown()).toContain("first.example.com");
  const { generation } = await world.status();
  // The certificate comes before its key: what does not fit is not taken.
  copyFileSync(second.certificate, files.certificate);
  await new Promise((resolve) => setTimeout(resolve, 6000));
  expect(await shown()).toContain("first.example.com");
  copyFileSync(second.key, files.private_key);
  await expect.poll(shown, { timeout: 20_000, interval: 500 }).toContain("second.example.com");
  expect((await world.status()).generation).toBe(generation);
  expect(await world.call(number)).toMatchObject({ ok: 1, failed: 0 });
}, 120_000);
