import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { daemonUser } from "../../src/deploy/daemon-user.ts";
import { type DeployLab, groups, openDeployLab } from "./edge.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Only root can make a lab with other users; for others the daemons are to run as the one who deploys. */
const isRoot = process.getuid?.() === 0;
let edge: DeployLab;

beforeAll(async () => {
  edge = await openDeployLab(isRoot ? { users: "all" } : {});
  chmodSync(edge.lab.dir, 0o711);
}, 600_000);
afterAll(() => edge?.close());

/** The users and capabilities of all processes of a program. */
async function credentials(program: RegExp): Promise<ReadonlySet<string>> {
  const pids = [...(await groups(edge.lab, program)).values()].flat();
  const found = new Set<string>();
  for (const pid of pids) {
    const { output } = await edge.lab.exec(["cat", `/proc/${pid}/status`]);
    const field = (name: string) =>
      new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(output)?.[1]?.replace(/\s+/g, " ");
    found.add(`${field("Uid")} | ${field("Groups")?.trim()} | ${field("CapEff")} | ${field("CapBnd")}`);
  }
  return found;
}
const user = `${daemonUser} ${daemonUser} ${daemonUser} ${daemonUser} |  | `;
const none = "0000000000000000";
const netBindService = "0000000000000400";
const expectUser = (found: ReadonlySet<string>, capabilities = none) => {
  if (isRoot) expect([...found]).toEqual([`${user}${capabilities} | ${capabilities}`]);
  else expect([...found].every((c) => c.startsWith("0 0 0 0 |"))).toBe(true);
};

test("Kamailio and rtpengine run as a user without rights where root deploys, the guard and its firewall as root", async () => {
  edge.configure(["+14155551111"], {}, { network: { carrier: { udp: 5060, tcp: 5060 } } });
  const { code, codes, output } = await edge.deploy();
  expect(code, output).toBe(0);
  expect(codes).not.toContain("CREW6017");
  expect(codes).not.toContain("CREW6029");
  expectUser(await credentials(/--argv0 kamailio /));
  expectUser(await credentials(/--argv0 rtpengine /));
  expect(
    [...(await credentials(/deploy\/guard\.ts|--argv0 s6-supervise /))].every((c) => c.startsWith("0 0 0 0")),
  ).toBe(true);
  expect((await edge.call("+14155551111")).codes).toEqual({ 200: 1 });
});

test("the next generation takes over beside it, TCP port included, under a call", async () => {
  const held = edge.call("+14155551111", 6000);
  edge.configure(["+14155551111", "+14155552222"], {}, { network: { carrier: { udp: 5060, tcp: 5060 } } });
  expect((await edge.deploy()).code).toBe(0);
  expectUser(await credentials(/--argv0 kamailio /));
  expect((await edge.call("+14155552222")).codes).toEqual({ 200: 1 });
  expect(await held).toMatchObject({ codes: { 200: 1 }, failed: 0 });
});

test("a daemon that dies comes back as that user", async () => {
  const before = (await edge.status()).generation;
  for (const [pid] of await groups(edge.lab, /--argv0 (kamailio|rtpengine) /))
    await edge.lab.signal(pid, "SIGKILL");
  await vi.waitFor(async () => expect((await edge.call("+14155551111")).codes).toEqual({ 200: 1 }), 30_000);
  expect((await edge.status()).generation).toEqual(before);
  expectUser(await credentials(/--argv0 kamailio /));
  expectUser(await credentials(/--argv0 rtpengine /));
});

test("secrets are readable to root and that user alone, and not his to replace", () => {
  const own = join(edge.state, "generations/2/private");
  const of = (path: string) => {
    const { uid, gid, mode } = statSync(path);
    return [uid, gid, (mode & 0o7777).toString(8)];
  };
  const me = process.getuid?.();
  const mine = process.getgid?.();
  expect(of(own)).toEqual(isRoot ? [0, daemonUser, "1770"] : [me, mine, "700"]);
  expect(of(join(own, "bind.cfg"))).toEqual(isRoot ? [0, daemonUser, "640"] : [me, mine, "600"]);
  expect(of(join(own, "facts.json"))).toEqual([me, mine, "600"]);
  expect(of(join(edge.state, "keys.json"))).toEqual([me, mine, "600"]);
});

test("ports below 1024 are bound with that one capability", async () => {
  expect((await edge.crew("down", ["--yes"])).code).toBe(0);
  edge.configure(["+14155551111"], {}, { network: { carrier: { udp: 560 } } });
  const { code, output } = await edge.deploy();
  expect(code, output).toBe(0);
  expectUser(await credentials(/--argv0 kamailio /), netBindService);
  expectUser(await credentials(/--argv0 rtpengine /));
});

test("where that user cannot pass a folder, root is told that they run as root, and so does what takes over from them", async () => {
  const tcp = { network: { carrier: { udp: 5060, tcp: 5060 } } };
  const daemonsAreRoots = async () => {
    for (const program of [/--argv0 kamailio /, /--argv0 rtpengine /])
      expect([...(await credentials(program))].every((c) => c.startsWith("0 0 0 0 |"))).toBe(true);
  };
  expect((await edge.crew("down", ["--yes"])).code).toBe(0);
  chmodSync(edge.lab.dir, 0o700);
  edge.configure(["+14155551111"], {}, tcp);
  const first = await edge.deploy();
  expect(first.code, first.output).toBe(0);
  expect(first.codes.includes("CREW6029"), first.output).toBe(isRoot);
  await daemonsAreRoots();
  // from here on the user could pass; a TCP port is shared only with processes of the same user
  chmodSync(edge.lab.dir, 0o711);
  edge.configure(["+14155551111", "+14155552222"], {}, tcp);
  const second = await edge.deploy();
  expect(second.code, second.output).toBe(0);
  await daemonsAreRoots();
  expect((await edge.call("+14155552222")).codes).toEqual({ 200: 1 });
});
