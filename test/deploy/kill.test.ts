import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DeployLab, edgeProcesses, groups, openDeployLab } from "./edge.ts";

const number = "+14155551111";

let edge: DeployLab;
beforeAll(async () => {
  edge = await openDeployLab();
  edge.configure([number]);
  expect((await edge.deploy()).code).toBe(0);
});
afterAll(() => edge.close());

/** One group for each process that the edge is made of: more of them are orphans or doubles. */
async function inventory(): Promise<Record<string, number>> {
  const count = async (pattern: RegExp): Promise<number> => (await groups(edge.lab, pattern)).size;
  return {
    kamailio: await count(/--argv0 kamailio /),
    rtpengine: await count(/--argv0 rtpengine /),
    supervisors: await count(/--argv0 s6-supervise /),
    guard: await count(/^\S*node .*guard/),
  };
}
const whole = { kamailio: 1, rtpengine: 1, supervisors: 3, guard: 1 };

const pidsOf = async (pattern: RegExp): Promise<readonly number[]> =>
  [...(await groups(edge.lab, pattern)).values()].flat();

describe("kill -9 brings back what was killed, without an orphan:", () => {
  const victims: readonly [string, () => Promise<number | undefined>][] = [
    [
      "the main process of Kamailio",
      async () => (await groups(edge.lab, /--argv0 kamailio /)).keys().next().value,
    ],
    ["a worker of Kamailio", async () => (await pidsOf(/--argv0 kamailio /)).at(5)],
    ["rtpengine", async () => (await pidsOf(/--argv0 rtpengine /))[0]],
    ["the supervisor of Kamailio", async () => (await pidsOf(/--argv0 s6-supervise .*kamailio/))[0]],
    ["the supervisor of rtpengine", async () => (await pidsOf(/--argv0 s6-supervise .*rtpengine/))[0]],
    ["the guard", async () => (await pidsOf(/^\S*node .*guard/))[0]],
    ["the supervisor of the guard", async () => (await pidsOf(/--argv0 s6-supervise .*guard/))[0]],
  ];
  test.each(victims)("%s", async (_name, find) => {
    // What dies in its first seconds is started again after a second only.
    await new Promise((resolve) => setTimeout(resolve, 3500));
    const victim = await find();
    expect(victim).toBeGreaterThan(1);
    await edge.lab.signal(victim ?? 0, "SIGKILL");
    const killed = performance.now();
    // While the media relay is away a call is refused, not carried without audio.
    const answers: number[] = [];
    let backAfter = 0;
    const served = async (): Promise<boolean> => {
      backAfter = performance.now() - killed;
      const code = Object.keys((await edge.call(number)).codes).map(Number)[0] ?? 0;
      answers.push(code);
      return code === 200;
    };
    await expect.poll(served, { timeout: 10_000, interval: 100 }).toBe(true);
    expect(answers.filter((code) => code !== 200 && code !== 503)).toEqual([]);
    expect(backAfter).toBeLessThan(4000);
    await expect.poll(inventory, { timeout: 20_000, interval: 300 }).toEqual(whole);
    expect(await pidsOf(edgeProcesses)).not.toContain(victim);
  });

  test("a call in progress keeps its media through the death of Kamailio and of all supervisors, and ends properly", async () => {
    const held = edge.call(number, 5000);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const relay = await pidsOf(/--argv0 rtpengine /);
    for (const pid of await pidsOf(/--argv0 s6-supervise /)) await edge.lab.signal(pid, "SIGKILL");
    const [main] = (await groups(edge.lab, /--argv0 kamailio /)).keys();
    await edge.lab.signal(main ?? 0, "SIGKILL");
    expect(await held).toMatchObject({ ok: 1, failed: 0, codes: { 200: 1 } });
    await expect.poll(inventory, { timeout: 20_000, interval: 300 }).toEqual(whole);
    expect(await pidsOf(/--argv0 rtpengine /)).toEqual(relay);
  });
});

test("a guard and a relay that died with their supervisors are started by a deployment of what is there", async () => {
  for (const pattern of [
    /--argv0 s6-supervise .*(guard|rtpengine)/,
    /^\S*node .*guard/,
    /--argv0 rtpengine /,
  ])
    for (const pid of await pidsOf(pattern)) await edge.lab.signal(pid, "SIGKILL");
  await expect.poll(inventory).toMatchObject({ guard: 0, rtpengine: 0 });
  expect((await edge.call(number)).codes).toEqual({ 503: 1 });
  const again = await edge.deploy();
  expect(again).toMatchObject({ code: 0, data: { outcome: "unchanged" } });
  expect(again.codes).toContain("CREW6031");
  await expect.poll(async () => (await edge.call(number)).codes, { timeout: 10_000 }).toEqual({ 200: 1 });
  await expect.poll(inventory, { timeout: 20_000, interval: 300 }).toEqual(whole);
  expect((await edge.deploy()).codes).not.toContain("CREW6031");
});

describe("a deployer that is killed -9 leaves the old edge answering, and the next deployment works:", () => {
  let round = 0;
  let network = {};
  test.each([
    "verify",
    "stage generation",
    "restart rtpengine",
    "start Kamailio",
    "proof call",
    "load firewall",
    "commit",
  ])("at %s", async (step) => {
    round += 1;
    const fresh = `+1415555${2000 + round}`;
    // Only a changed media range makes rtpengine restart; it stays changed for the steps after this one.
    const restarts = step === "restart rtpengine";
    if (restarts) network = { network: { rtp: [10_000, 15_000] } };
    edge.configure([number, fresh], {}, network);
    const deployer = await edge.startDeploy();
    await deployer.waitFor(new RegExp(`^${step}`), 30_000);
    deployer.kill("SIGKILL");
    expect(await deployer.exited).toBeNull();
    const answered = async () => (await edge.call(number)).codes;
    // While a relay restarts there is no media, going there and coming back.
    if (restarts) await expect.poll(answered, { timeout: 10_000, interval: 300 }).toEqual({ 200: 1 });
    else expect(await answered()).toEqual({ 200: 1 });
    const next = await edge.deploy();
    expect(next.code, next.output).toBe(0);
    expect((await edge.call(fresh)).codes).toEqual({ 200: 1 });
    const status = await edge.status();
    expect(status.state).toBe("up");
    expect(status.activating).toBeUndefined();
    expect(status.firewall).toBe(status.generation);
  });

  test("without another deployment the guard goes back by itself", async () => {
    const before = await edge.status();
    edge.configure([number, "+14155559999"]);
    const deployer = await edge.startDeploy();
    await deployer.waitFor(/^proof call/, 30_000);
    deployer.kill("SIGKILL");
    await expect
      .poll(async () => (await groups(edge.lab, /--argv0 kamailio /)).size, {
        timeout: 30_000,
        interval: 500,
      })
      .toBe(1);
    await expect.poll(async () => (await edge.status()).activating, { timeout: 30_000 }).toBeUndefined();
    expect(await edge.status()).toMatchObject({ state: "up", generation: before.generation });
    expect((await edge.call("+14155559999")).codes).toEqual({ 404: 1 });
    const { generations } = (await edge.crew("generations")).data as {
      generations: { status: { state: string; reason: string } }[];
    };
    expect(generations[0]?.status).toMatchObject({ state: "failed", reason: "the deploying process died" });
  });
});
