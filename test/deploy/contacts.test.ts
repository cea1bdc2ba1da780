/** What a PBX has registered outlives a swap, the death of Kamailio and of the guard, and a stop of the edge. */
import { chmodSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { accepts } from "../e2e/kit/behaviours.ts";
import { statusOf, uriOf } from "../e2e/kit/message.ts";
import { type Asked, registered } from "../e2e/kit/registering.ts";
import { type Behaviour, type Server, sipServer } from "../e2e/kit/server.ts";
import { labEngine } from "../lab/edge.ts";
import { type DeployLab, groups, openDeployLab } from "./edge.ts";

const number = "+14155551111";
const edgeAt = { address: "127.0.0.1", port: 5060 } as const;
const office = { username: "office-7", password: "s3cret", domain: edgeAt.address };
const env = { P: office.password };
const contact = "<sip:office@192.168.1.10:5060;line=$1~'x>";

let edge: DeployLab;
let pbx: Server;
let round = 0;

/** Every configuration has one number more: the route table changes, and with it the generation. */
function configure(): void {
  round += 1;
  const agents = { sarah: { uri: "sip:127.0.0.3:5080" } };
  const more = Array.from({ length: round }, (_, i) => ({
    match: { to_uri: `+1415555${3000 + i}` },
    agent_id: "sarah",
  }));
  const auth = { type: "digest", username: office.username, password: { secret: "P" } };
  edge.configure(
    [],
    {},
    {
      trunks: [
        { crew_id: "office", agents, sip: { auth } },
        {
          crew_id: "test",
          agents,
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: ["127.0.0.2"] },
            inbound_routes: [
              { match: { to_uri: number }, forward: { extension: "200", via: "office" } },
              ...more,
            ],
          },
        },
      ],
    },
  );
}

beforeAll(async () => {
  // Where root deploys Kamailio is another user, who has to be able to read what the guard keeps.
  edge = await openDeployLab(process.getuid?.() === 0 ? { users: "all" } : {});
  chmodSync(edge.lab.dir, 0o711);
  configure();
  const deployed = await edge.deploy(env);
  expect(deployed.code, deployed.output).toBe(0);
  pbx = await sipServer(edge.lab, "127.0.0.9", 41_000, accepts());
});
afterAll(async () => {
  await pbx?.close();
  await edge?.close();
});

const ask = async (o: Asked): Promise<readonly string[]> => {
  const { answer } = await registered(pbx, edgeAt, office, o);
  expect(statusOf(answer)).toBe(200);
  return headerValues(answer, "Contact");
};
const called = async () => (await edge.call(number)).codes;
const send = async (pattern: RegExp, signal: NodeJS.Signals): Promise<void> => {
  for (const pid of (await groups(edge.lab, pattern)).keys()) await edge.lab.signal(pid, signal);
};
const kill = (pattern: RegExp): Promise<void> => send(pattern, "SIGKILL");
/** With the guard asleep nobody brings a process what it did not start with. */
async function withoutGuard(work: () => Promise<void>): Promise<void> {
  await send(guard, "SIGSTOP");
  try {
    await work();
  } finally {
    await send(guard, "SIGCONT");
  }
}
/** The guard looks four times a second. */
const seen = () => new Promise((resolve) => setTimeout(resolve, 1500));
const kamailio = /--argv0 kamailio /;
const guard = /^\S*node .*guard/;

test("is called where it registered, and its contact is what it said", async () => {
  expect(await called()).toEqual({ 480: 1 });
  await ask({ contact, expires: 3600 });
  expect(await called()).toEqual({ 200: 1 });
  expect(uriOf(await pbx.request("INVITE"))).toBe("sip:200@192.168.1.10:5060;line=$1~'x");
  const [shown, ...others] = (await edge.status()).contacts ?? [];
  expect(shown).toMatchObject({
    trunk: "office",
    uri: "sip:office@192.168.1.10:5060;line=$1~'x",
    sent_to: "sip:127.0.0.9:41000;transport=udp",
  });
  expect(shown?.seconds).toBeGreaterThan(3500);
  expect(others).toEqual([]);
});

test("outlives a swap, under calls", async () => {
  await withoutGuard(async () => {
    // Nothing but the deployment itself has seen this one.
    await ask({ contact: "*", expires: 0 });
    await ask({ contact, expires: 3600 });
    const stream = edge.call(number, 100, { calls: 300, rate: 20 });
    configure();
    const deployed = await edge.deploy(env);
    expect(deployed.code, deployed.output).toBe(0);
    expect(await stream).toMatchObject({ codes: { 200: 300 }, failed: 0 });
    expect(await ask({})).toHaveLength(1);
  });
});

test("outlives the death of Kamailio", async () => {
  await seen();
  await withoutGuard(async () => {
    await kill(kamailio);
    await expect.poll(called, { timeout: 10_000, interval: 200 }).toEqual({ 200: 1 });
    expect(await ask({})).toEqual([expect.stringMatching(/line=\$1~'x>;expires=3\d\d\d$/)]);
  });
});

test("that came to one generation is known to the other", async () => {
  // A call that rings keeps the generation before.
  const before = pbx.requests("INVITE").length;
  let pickUp = () => {};
  const pickedUp = new Promise<void>((resolve) => {
    pickUp = resolve;
  });
  const rings: Behaviour = async function* (turn, next) {
    if (turn.method === "INVITE") {
      yield turn.reply("180 Ringing");
      await pickedUp;
    }
    yield* next();
  };
  pbx.answerWith(rings, accepts());
  const caller = await sipServer(edge.lab, "127.0.0.2", 5599, accepts());
  const ringing = caller.ask(caller.make({ uri: `sip:${number}@${edgeAt.address}` }), 120_000, edgeAt);
  await pbx.request("INVITE", before);
  configure();
  const deployed = await edge.deploy(env);
  expect(deployed.code, deployed.output).toBe(0);
  const generation = (await edge.status()).generation ?? 0;
  await ask({ contact: "<sip:office@192.168.1.13>", expires: 3600 });
  const engine = await labEngine();
  const inOld = async (): Promise<string> => {
    const socket = `unix:${edge.state}/generations/${generation - 1}/private/ctl.sock`;
    const get = engine.command("kamcmd", ["-s", socket, "htable.get", "binding", "office"]);
    return (await edge.lab.exec(get)).output;
  };
  await expect.poll(inOld, { timeout: 5000, interval: 100 }).toContain("192.168.1.13");
  pickUp();
  expect(statusOf(await ringing)).toBe(200);
  pbx.answerWith(accepts());
  await ask({ contact: "<sip:office@192.168.1.13>", expires: 0 });
  await caller.close();
});

test("that was changed while there was no guard outlives the death of Kamailio too", async () => {
  await ask({ contact: "<sip:office@192.168.1.11>", expires: 3600 });
  await seen();
  await kill(guard);
  await ask({ contact, expires: 0 });
  await expect.poll(async () => (await groups(edge.lab, guard)).size, { timeout: 10_000 }).toBe(1);
  await seen();
  await kill(kamailio);
  await expect.poll(called, { timeout: 10_000, interval: 200 }).toEqual({ 200: 1 });
  expect(await ask({})).toEqual([expect.stringContaining("192.168.1.11")]);
});

test("outlives a stop of the edge", async () => {
  await seen();
  expect((await edge.crew("down", ["--yes"])).code).toBe(0);
  const deployed = await edge.deploy(env);
  expect(deployed.code, deployed.output).toBe(0);
  expect(await called()).toEqual({ 200: 1 });
});

test("that the PBX took back stays so", async () => {
  expect(await ask({ contact: "*", expires: 0 })).toEqual([]);
  await seen();
  await kill(kamailio);
  const answered = async () => Object.keys(await called());
  await expect.poll(answered, { timeout: 10_000, interval: 200 }).toEqual(["480"]);
  configure();
  expect((await edge.deploy(env)).code).toBe(0);
  expect(await called()).toEqual({ 480: 1 });
});
