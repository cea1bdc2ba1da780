import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GenerationReport, StatusReport } from "../../src/deploy/status.ts";
import { labEngine } from "../lab/edge.ts";
import { type DeployLab, edgeProcesses, groups, openDeployLab } from "./edge.ts";

let edge: DeployLab;
beforeAll(async () => {
  edge = await openDeployLab();
});
afterAll(() => edge.close());

const kamailios = async (): Promise<string[]> =>
  (await edge.status()).processes.filter((p) => p.running).map((p) => p.name);

test("says what is missing before anything was deployed", async () => {
  expect(await edge.crew("status")).toMatchObject({ code: 1, codes: ["CREW6018"] });
});

test("does not deploy without a confirmation off a terminal", async () => {
  edge.configure(["+14155551111"]);
  expect(await edge.crew("deploy")).toMatchObject({ code: 2, data: { outcome: "unconfirmed" } });
  expect((await groups(edge.lab, edgeProcesses)).size).toBe(0);
});

test("refuses a state folder that cannot be used, and says why", async () => {
  edge.configure(["+14155551111"]);
  for (const [folder, why] of [
    ["st ate", "white space"],
    ["st'ate", "quotes"],
  ] as const) {
    const state = join(edge.lab.dir, folder);
    const refused = await edge.crew("deploy", ["--yes", "--state", state]);
    expect(refused).toMatchObject({ code: 1, codes: expect.arrayContaining(["CREW6003"]) });
    expect(refused.output).toContain(why);
    expect(existsSync(state)).toBe(false);
  }
  const never = await edge.crew("deploy", ["--yes", "--state", "/proc/no-such-folder"]);
  expect(never).toMatchObject({ code: 1, codes: expect.arrayContaining(["CREW6003"]) });
});

test("first deployment, with no state", async () => {
  edge.configure(["+14155551111"]);
  const first = await edge.deploy();
  expect(first.output).not.toMatch(/"severity": "error"/);
  expect(first, first.output).toMatchObject({ code: 0, data: { outcome: "deployed", generation: 1 } });
  const status = await edge.status();
  expect(status).toMatchObject({ state: "up", generation: 1, firewall: 1, draining: [] });
  expect(status.processes.map((p) => p.name)).toEqual(["guard", "kamailio-1", "rtpengine"]);
  expect((await edge.call("+14155551111")).codes).toEqual({ 200: 1 });
  expect((await edge.call("+14155552222")).codes).toEqual({ 404: 1 });
});

test("an unchanged config changes nothing", async () => {
  const before = (await edge.status()).processes.map((p) => p.pid);
  expect(await edge.deploy()).toMatchObject({ code: 0, data: { outcome: "unchanged", generation: 1 } });
  expect((await edge.status()).processes.map((p) => p.pid)).toEqual(before);
});

test("a changed config takes over under a call, which ends properly, and the old generation goes", async () => {
  const held = edge.call("+14155551111", 9000);
  edge.configure(["+14155551111", "+14155552222"]);
  expect(await edge.deploy()).toMatchObject({ code: 0, data: { generation: 2, previous: 1 } });
  expect((await edge.call("+14155552222")).codes).toEqual({ 200: 1 });
  expect(await held).toMatchObject({ ok: 1, failed: 0, retransmissions: 0, codes: { 200: 1 } });
  await expect
    .poll(kamailios, { timeout: 20_000, interval: 1000 })
    .toEqual(["guard", "kamailio-2", "rtpengine"]);
});

test("of two deployments at once the second is refused", async () => {
  edge.configure(["+14155551111", "+14155553333"]);
  const both = await Promise.all([edge.deploy(), edge.deploy()]);
  expect(both.map((d) => d.code).sort()).toEqual([0, 8]);
  expect(both.find((d) => d.code === 8)?.codes).toContain("CREW6004");
});

test("a generation that cannot carry a call is taken back, and the old one goes on", async () => {
  const before = await edge.status();
  const relay = before.processes.find((p) => p.name === "rtpengine");
  edge.configure(["+14155551111", "+14155554444"]);
  await edge.lab.signal(relay?.pid ?? 0, "SIGSTOP");
  const broken = await edge.deploy();
  await edge.lab.signal(relay?.pid ?? 0, "SIGCONT");
  expect(broken.code).toBe(6);
  expect(broken.codes).toEqual(expect.arrayContaining(["CREW6012", "CREW6016"]));
  expect(broken.output).toMatch(/INVITE was answered 503|no answer to INVITE/);
  const after = await edge.status();
  expect(after).toMatchObject({ state: "up", generation: before.generation, firewall: before.generation });
  expect(after.processes.filter((p) => p.running && p.name.startsWith("kamailio"))).toHaveLength(1);
  expect((await edge.call("+14155551111")).codes).toEqual({ 200: 1 });
  expect((await edge.call("+14155554444")).codes).toEqual({ 404: 1 });
  const { generations } = (await edge.crew("generations")).data as { generations: GenerationReport[] };
  expect(generations[0]).toMatchObject({ current: false, status: { state: "failed" } });
  expect(generations[0]?.status?.reason).toMatch(/proof call/);
});

test("secrets: all that are missing are named, and one that changed is a change", async () => {
  const digest = (names: readonly [string, string]) => ({
    auth: { type: "digest", username: names[0], password: { secret: names[1] } },
  });
  edge.configure(["+14155551111"], digest(["pbx", "PBX_PASSWORD"]));
  const missing = await edge.deploy();
  expect(missing).toMatchObject({ code: 1, codes: expect.arrayContaining(["CREW6001"]) });
  expect(missing.output).toContain("PBX_PASSWORD");
  const secret = "canary-7f3a";
  const bound = await edge.deploy({ PBX_PASSWORD: secret });
  expect(bound, bound.output).toMatchObject({ code: 0, data: { outcome: "deployed" } });
  expect(bound.output).not.toContain(secret);
  expect(await edge.deploy({ PBX_PASSWORD: secret })).toMatchObject({
    data: { outcome: "unchanged" },
  });
  const kept = await edge.lab.exec(["grep", "-rl", secret, edge.state]);
  expect(kept.output).toBe("");
  const loose = await edge.lab.exec([
    "find",
    edge.state,
    "-path",
    "*/private/*",
    "-type",
    "f",
    "-perm",
    "/077",
  ]);
  expect(loose.output).toBe("");
  expect(await edge.deploy({ PBX_PASSWORD: "another" })).toMatchObject({
    data: { outcome: "deployed" },
  });
});

test("rollback brings an earlier generation back, with its secrets and without its environment", async () => {
  const back = await edge.crew("rollback", ["2", "--yes"]);
  expect(back, back.output).toMatchObject({ code: 0, data: { outcome: "deployed" } });
  expect((await edge.call("+14155552222")).codes).toEqual({ 200: 1 });
  expect(await edge.crew("rollback", ["99", "--yes"])).toMatchObject({ code: 1, codes: ["CREW6019"] });
  const { generation } = await edge.status();
  const current = await edge.crew("rollback", [`${generation}`, "--yes"]);
  expect(current).toMatchObject({ code: 1, codes: ["CREW6019"] });
  expect(current.output).toContain(`Generation ${generation} is the current one.`);
  const again = await edge.crew("rollback", ["--yes"]);
  expect(again, again.output).toMatchObject({ code: 0, data: { outcome: "deployed" } });
});

test("down stops nothing without a confirmation off a terminal", async () => {
  const { generation } = await edge.status();
  const refused = await edge.crew("down");
  expect(refused).toMatchObject({ code: 2, codes: ["CREW6005"], data: { outcome: "unconfirmed" } });
  expect(await edge.status()).toMatchObject({ state: "up", generation, firewall: generation });
});

test("down leaves nothing running and takes the firewall out; deploy starts it again", async () => {
  expect(await edge.crew("down", ["--yes"])).toMatchObject({ code: 0, data: { outcome: "down" } });
  await expect.poll(async () => (await groups(edge.lab, edgeProcesses)).size, { timeout: 2000 }).toBe(0);
  const down: StatusReport = await edge.status();
  expect(down).toMatchObject({ state: "down", firewall: null });
  const listed = async () =>
    ((await edge.crew("generations")).data as { generations: GenerationReport[] }).generations;
  expect((await listed()).filter((g) => g.current || g.status?.state === "current")).toEqual([]);
  expect((await listed())[0]?.status).toMatchObject({ state: "stopped", reason: "the edge was stopped" });
  const nothing = await edge.crew("down");
  expect(nothing, "asks nobody where nothing runs").toMatchObject({ code: 0, data: { stopped: [] } });
  edge.configure(["+14155551111"]);
  expect(await edge.deploy()).toMatchObject({ code: 0 });
  expect((await listed()).map((g) => g.current).slice(0, 2)).toEqual([true, false]);
  expect((await listed()).slice(0, 2).map((g) => g.status?.state)).toEqual(["current", "stopped"]);
  expect((await edge.call("+14155551111")).codes).toEqual({ 200: 1 });
});

test("Ctrl-C takes a deployment back", async () => {
  const before = await edge.status();
  edge.configure(["+14155551111", "+14155556666"]);
  const deployer = await edge.startDeploy();
  await deployer.waitFor(/^proof call/, 30_000);
  deployer.kill("SIGINT");
  expect([0, 130]).toContain(await deployer.exited);
  const after = await edge.status();
  const interrupted = deployer.lines.some((line) => line.includes("CREW6022"));
  expect(after.generation === before.generation).toBe(interrupted);
  expect(after).toMatchObject({ state: "up" });
  expect(after.activating).toBeUndefined();
});

test("Ctrl-C behind the commit changes nothing, and the answer is given", async () => {
  edge.configure(["+14155551111", "+14155558888"]);
  const deployer = await edge.startDeploy();
  await deployer.waitFor(/^commit/, 30_000);
  deployer.kill("SIGINT");
  expect(await deployer.exited).toBe(0);
  expect(deployer.lines.join("\n")).toMatch(/Generation \d+ carries the calls/);
});

test("an edge that gets another name leaves no firewall table behind", async () => {
  const engine = await labEngine();
  const tables = async (): Promise<readonly string[]> =>
    (await edge.lab.exec(engine.command("nft", ["list", "tables"]))).output
      .split("\n")
      .filter((l) => l !== "");
  expect(await tables()).toEqual(["table inet crew_test"]);
  edge.configure(["+14155551111"], {}, { name: "other" });
  expect((await edge.deploy()).code).toBe(0);
  expect(await tables()).toEqual(["table inet crew_other"]);
  edge.configure(["+14155551111"]);
  expect((await edge.deploy()).code).toBe(0);
  expect(await tables()).toEqual(["table inet crew_test"]);
});

test("without the right to load a firewall it says so and deploys", async () => {
  edge.configure(["+14155551111", "+14155557777"]);
  const drop = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"];
  const deployed = await edge.deploy({}, drop);
  expect(deployed).toMatchObject({ code: 0, data: { outcome: "deployed" } });
  expect(deployed.codes).toContain("CREW6017");
});

test("an edge that speaks TCP only is proved over TCP", async () => {
  expect((await edge.crew("down", ["--yes"])).code).toBe(0);
  edge.configure(["+14155551111"], {}, { network: { carrier: { tcp: 5060 } } });
  expect(await edge.deploy()).toMatchObject({ code: 0, data: { proof: { ok: true } } });
  edge.configure(["+14155551111", "+14155558888"], {}, { network: { carrier: { tcp: 5060 } } });
  expect(await edge.deploy()).toMatchObject({ code: 0, data: { proof: { ok: true } } });
});

test.each([
  ["a SIP port", 5060],
  ["rtpengine's control port", 2223],
])("%s that another program holds is refused before anything starts", async (_, port) => {
  expect((await edge.crew("down", ["--yes"])).code).toBe(0);
  const foreign = await edge.lab.udp("127.0.0.1", port);
  const refused = await edge.deploy();
  await foreign.close();
  expect(refused).toMatchObject({ code: 1, codes: expect.arrayContaining(["CREW6006"]) });
  expect(refused.output).toMatch(/taken by .*process \d+/);
  expect(refused.output).not.toContain("carries the calls");
  expect((await groups(edge.lab, edgeProcesses)).size).toBe(0);
});
