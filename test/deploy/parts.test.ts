import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tableOf } from "../../src/deploy/firewall.ts";
import { freePort, holderOf } from "../../src/deploy/ports.ts";
import { callThrough } from "../../src/deploy/proof/caller.ts";
import { openEcho } from "../../src/deploy/proof/echo.ts";
import { parseMessage, values } from "../../src/deploy/proof/message.ts";
import { decodePcmu, encodePcmu } from "../../src/deploy/proof/pcmu.ts";
import { bindUdp } from "../../src/deploy/proof/sockets.ts";
import { cut } from "../../src/deploy/proof/wire.ts";
import { bindSecrets, readSecrets } from "../../src/deploy/secrets.ts";
import { claim, readJson, writeJson } from "../../src/deploy/state/files.ts";
import { edgeKeys, fingerprint } from "../../src/deploy/state/keys.ts";
import { edgePaths, stateFolder } from "../../src/deploy/state/paths.ts";
import { identify, isAlive } from "../../src/deploy/supervise/process.ts";
import { s6Supervisor } from "../../src/deploy/supervise/s6.ts";
import { shellWord } from "../../src/deploy/supervise/scripts.ts";
import { hostPrograms } from "../../src/host/runtime.ts";
import { parseConfig } from "../../src/model/parse.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "crew-deploy-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe("state", () => {
  test("keys are made once, and only their owner reads them", async () => {
    const path = join(dir, "keys.json");
    const keys = await edgeKeys(path);
    expect(await edgeKeys(path)).toEqual(keys);
    expect(new Set(Object.values(keys)).size).toBe(4);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("a fingerprint tells of a changed secret and not of its value, and needs the key", async () => {
    const keys = await edgeKeys(join(dir, "keys.json"));
    const mark = (value: string, k = keys) => fingerprint(k, new Map([["a", value]]));
    expect(mark("x")).toBe(mark("x"));
    expect(mark("x")).not.toBe(mark("y"));
    expect(mark("x")).not.toBe(mark("x", { ...keys, fingerprint: "00" }));
  });

  test("of those who claim a file one gets it", async () => {
    const from = join(dir, "activation.json");
    await writeJson(from, { generation: 1 });
    const claims = await Promise.all([claim(from, join(dir, "a")), claim(from, join(dir, "b"))]);
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(existsSync(from)).toBe(false);
    expect(await readJson(join(dir, claims[0] ? "a" : "b"))).toEqual({ generation: 1 });
  });

  test("the folder is that of the option, of root, or of the user", () => {
    const at = (env: Record<string, string>, uid: number, state?: string) =>
      stateFolder("edge-1", { env, cwd: "/w", uid, ...(state === undefined ? {} : { state }) });
    expect(at({}, 0, "s")).toBe("/w/s");
    expect(at({}, 0)).toBe("/var/lib/crew/edge-1");
    expect(at({ HOME: "/home/u" }, 1000)).toBe("/home/u/.local/state/crew/edge-1");
    expect(at({ XDG_STATE_HOME: "/x", HOME: "/home/u" }, 1000)).toBe("/x/crew/edge-1");
  });

  test("a process is told from a later one with the same pid", () => {
    const me = identify(process.pid);
    expect(me !== undefined && isAlive(me)).toBe(true);
    expect(isAlive({ pid: process.pid, started: "1" })).toBe(false);
  });
});

test("a service whose installation was cut short at any file is taken out", async () => {
  const paths = edgePaths(dir);
  const programs = await hostPrograms();
  const supervisor = s6Supervisor(paths, programs);
  const files = ["timeout-kill", "finish", "run"];
  for (let written = 0; written < files.length; written++) {
    const at = join(paths.services, "kamailio-7");
    mkdirSync(at, { recursive: true });
    for (const name of files.slice(0, written)) writeFileSync(join(at, name), "100\n");
    expect(await supervisor.down("kamailio-7", { remove: true })).toBe(true);
    expect(existsSync(at)).toBe(false);
  }
});

test("every word comes out of a shell as it went in", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" }), { maxLength: 8 }), (words) => {
      const plain = words.map((w) => Buffer.from(w.replaceAll("\0", "")).toString());
      const script = `printf '%s\\0' ${plain.map(shellWord).join(" ")} end`;
      const out = execFileSync("sh", ["-c", script], { encoding: "utf8" });
      expect(out.split("\0").slice(0, -1)).toEqual([...plain, "end"]);
    }),
    { numRuns: 60 },
  );
});

describe("secrets", () => {
  const trunk = (crew_id: string, password: unknown) => ({
    crew_id,
    agents: { a: { uri: "sip:127.0.0.3:5080" } },
    sip: {
      auth: { type: "digest", username: `${crew_id}-user`, password },
      inbound_routes: [{ match: {}, agent_id: "a" }],
      codecs: [{ name: "PCMU", priority: 1 }],
    },
  });
  const draft = [trunk("one", { secret: "ONE" }), trunk("two", { secret: "TWO" }), trunk("three", "plain")];
  const model = () => {
    const parsed = parseConfig(draft);
    if (parsed.value === undefined) throw new Error(JSON.stringify(parsed.diagnostics));
    return parsed.value;
  };

  test("all that are missing are named at once, with their places", () => {
    const { value, diagnostics } = bindSecrets(model(), draft, () => undefined);
    expect(value).toBeUndefined();
    expect(diagnostics).toMatchObject([{ code: "CREW6001", message: "No value for ONE and TWO." }]);
    expect(diagnostics[0]?.related).toHaveLength(1);
  });

  test("what is kept is the hash of RFC 3261 22.4, of plain-text passwords too", () => {
    const bound = bindSecrets(model(), draft, (name) => `of ${name}`).value;
    const one = bound?.digests.find((d) => d.trunk === "one");
    const sum = execFileSync("md5sum", { input: `one-user:${one?.realm}:of ONE`, encoding: "utf8" });
    expect(one?.ha1).toBe(sum.slice(0, 32));
    expect(bound?.digests).toHaveLength(3);
    expect(JSON.stringify(bound?.digests)).not.toMatch(/of ONE|plain/);
  });

  test("an agent's password is bound as a trunk's is, by the agent's key", () => {
    const auth = { type: "digest", username: "sarah", realm: "r", password: { secret: "SARAH" } };
    const config = { agents: { a: { uri: "sip:10.0.4.10", auth } }, sip: {} };
    const of = parseConfig(config).value;
    if (of === undefined) throw new Error("the config is wrong");
    expect(bindSecrets(of, config, () => undefined).diagnostics[0]?.message).toBe("No value for SARAH.");
    const ha1 = execFileSync("md5sum", { input: "sarah:r:of SARAH", encoding: "utf8" }).slice(0, 32);
    expect(bindSecrets(of, config, (name) => `of ${name}`).value?.digests).toEqual([
      { agent: "a", username: "sarah", realm: "r", ha1 },
    ]);
  });

  test("a file of NAME=value lines", async () => {
    const file = join(dir, "secrets");
    writeFileSync(file, "# ours\nONE=a=b c \n\nTWO=\r\n");
    chmodSync(file, 0o640);
    const { value, diagnostics } = await readSecrets(file);
    expect(diagnostics).toEqual([]);
    expect([...(value ?? [])]).toEqual([
      ["ONE", "a=b c "],
      ["TWO", ""],
    ]);
    chmodSync(file, 0o604);
    writeFileSync(file, "ONE=\"a\"\nTWO='b'\nTHREE='\nFOUR=\"a'\n");
    const quoted = await readSecrets(file);
    expect(quoted.value?.get("ONE")).toBe('"a"');
    expect(quoted.diagnostics).toMatchObject([
      { code: "CREW6032", severity: "warning", message: expect.stringContaining("ONE and TWO in") },
      { code: "CREW6033", severity: "warning" },
    ]);
    chmodSync(file, 0o640);
    writeFileSync(file, "ONE=a\nexport TWO=b\n");
    const wrong = await readSecrets(file);
    expect(wrong.diagnostics).toMatchObject([
      { code: "CREW6002", message: expect.stringContaining("line 2") },
    ]);
    expect(wrong.diagnostics[0]?.message).not.toContain("=b");
    expect((await readSecrets(join(dir, "none"))).diagnostics[0]?.code).toBe("CREW6002");
  });
});

describe("ports", () => {
  test("says which process holds a port, on its address or on all", async () => {
    for (const address of ["127.0.0.1", "0.0.0.0", "::1"]) {
      const socket = await bindUdp(address);
      const own = {
        at: "",
        protocol: "udp",
        address: address === "0.0.0.0" ? "127.0.0.1" : address,
      } as const;
      const { port } = socket.address();
      const other = { ...own, address: "127.0.0.9", port };
      const me = { pid: process.pid };
      expect(await holderOf({ ...own, port }, () => new Set())).toMatchObject(me);
      expect(await holderOf({ ...own, port }, () => new Set([process.pid]))).toBeUndefined();
      if (address === "0.0.0.0") expect(await holderOf(other, () => new Set())).toMatchObject(me);
      else expect(await holderOf(other, () => new Set())).toBeUndefined();
      socket.close();
    }
  });

  test("is not taken by a socket that goes while it is looked at, nor by a process of ours that has just begun", async () => {
    const none: ReadonlySet<number> = new Set();
    const leaving = await bindUdp("127.0.0.1");
    const at = (port: number) => ({ at: "", protocol: "udp", address: "127.0.0.1", port }) as const;
    const left = holderOf(at(leaving.address().port), () => none);
    leaving.close();
    expect(await left).toBeUndefined();
    const starting = await bindUdp("127.0.0.1");
    let known = none;
    const begun = holderOf(at(starting.address().port), () => {
      const now = known;
      known = new Set([process.pid]);
      return now;
    });
    expect(await begun).toBeUndefined();
    starting.close();
  });

  test("a private port lies above those that the kernel hands out", () => {
    const last = Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split("\t")[1]);
    for (let i = 0; i < 50; i++) expect(freePort(new Set())).toBeGreaterThan(Math.min(last, 60_999));
  });
});

describe("the proof call", () => {
  test("hears its tone from the echo, and hangs up", async () => {
    const echo = await openEcho("127.0.0.1");
    const target = { transport: "udp", address: "127.0.0.1", port: echo.port, host: "127.0.0.1", token: "t" };
    const call = await callThrough({ ...target, transport: "udp" });
    echo.close();
    expect(call).toMatchObject({ ok: true });
    expect(echo.reflected()).toBeGreaterThan(10);
  });

  test.each([
    ["nobody answers", undefined, /no answer to INVITE/],
    ["it is refused", "SIP/2.0 503 Service Unavailable", /answered 503/],
    ["no audio comes back", "SIP/2.0 200 OK", /none of \d+ RTP packets/],
  ])("says why it failed: %s", async (_case, line, reason) => {
    const silent = await bindUdp("127.0.0.1");
    const peer = await bindUdp("127.0.0.1");
    peer.on("message", (data, from) => {
      const request = parseMessage(data.toString("latin1"));
      if (line === undefined || request === undefined || request.start.startsWith("ACK")) return;
      const copied = request.headers.filter(([name]) => /^(via|from|to|call-id|cseq)$/.test(name));
      const sdp = `v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio ${silent.address().port} RTP/AVP 0\r\n`;
      const head = [line, ...copied.map(([n, v]) => `${n}: ${v}`), "Contact: <sip:x@127.0.0.1>"].join("\r\n");
      peer.send(`${head}\r\n\r\n${sdp}`, from.port, from.address);
    });
    const { port } = peer.address();
    const target = { transport: "udp", address: "127.0.0.1", port, host: "127.0.0.1", token: "t" } as const;
    const call = await callThrough(target, 700);
    expect(call).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
    peer.close();
    silent.close();
  });

  test("cuts messages out of a stream, whatever its pieces", () => {
    const one = "SIP/2.0 100 Trying\r\nl: 0\r\n\r\n";
    const two = "SIP/2.0 200 OK\r\nContent-Length: 4\r\n\r\nbody";
    expect(cut(`\r\n\r\n${one}${two}SIP`)).toEqual({ messages: [one, two], rest: "SIP" });
    expect(cut(two.slice(0, -1)).messages).toEqual([]);
  });

  test("reads folded, compact and combined headers", () => {
    const text =
      "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP a\r\nRecord-Route: <sip:1;lr>,\r\n <sip:2;lr>\r\nRecord-Route: <sip:3>\r\n\r\n";
    const message = parseMessage(text);
    expect(message && values(message, "record-route")).toEqual(["<sip:1;lr>", "<sip:2;lr>", "<sip:3>"]);
    expect(message && values(message, "via")).toEqual(["SIP/2.0/UDP a"]);
    expect(parseMessage("hello\r\n\r\n")).toBeUndefined();
  });

  test("mu-law is ITU-T G.711", () => {
    expect([...encodePcmu(Float64Array.from([0, 1, -1]))]).toEqual([0xff, 0x80, 0x00]);
    const ramp = Float64Array.from({ length: 201 }, (_, i) => (i - 100) / 101);
    const back = decodePcmu(encodePcmu(ramp));
    for (const [i, x] of ramp.entries())
      expect(Math.abs((back[i] ?? 9) - x)).toBeLessThan(0.002 + Math.abs(x) / 25);
  });
});

test("the edge's table is found in either form of a ruleset", () => {
  expect(tableOf('{"nftables":[{"add":{"table":{"family":"inet","name":"crew"}}}]}')).toEqual([
    "inet",
    "crew",
  ]);
  expect(tableOf("# a\ntable inet crew_edge {\n}\n")).toEqual(["inet", "crew_edge"]);
  expect(tableOf("{}")).toBeUndefined();
});
