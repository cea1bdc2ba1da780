import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, openLab, withLab } from "./netns.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await openLab({
    addresses: ["203.0.113.10", "2001:db8::10"],
    names: { "sip.example.com": "203.0.113.10" },
  });
}, 300_000);
afterAll(() => lab.close());

describe("a lab", () => {
  test("carries datagrams between its addresses, IPv4 and IPv6", async () => {
    for (const [a, b] of [
      ["203.0.113.10", "127.0.0.7"],
      ["2001:db8::10", "::1"],
    ] as const) {
      const one = await lab.udp(a, 5060);
      const two = await lab.udp(b);
      await two.send("OPTIONS", { address: a, port: 5060 });
      const got = await one.receive(1000);
      expect(got).toMatchObject({ text: "OPTIONS", address: b, port: two.port });
      expect(await two.silent(50)).toBe(true);
      await one.close();
      await two.close();
    }
  });

  test("carries TCP from a chosen address", async () => {
    const listener = await lab.listen("127.0.0.1", 5060);
    const client = await lab.tcp(
      { address: "127.0.0.1", port: 5060 },
      { address: "203.0.113.10", port: 40000 },
    );
    const server = await listener.accept(1000);
    expect(server).toMatchObject({ address: "203.0.113.10", port: 40000 });
    await client.send("ping");
    await server.expect(/ping/, 1000);
    await client.close();
    await expect.poll(() => server.ended).toBe(true);
  });

  test("has hosts of its own, which reach it and each other from their addresses, IPv4 and IPv6", async () => {
    const one = await lab.host("198.51.100.20", "2001:db8::20");
    const two = await lab.host("198.51.100.30", "2001:db8::30");
    expect(await lab.host("2001:db8::20")).toBe(one);
    expect(await lab.host("203.0.113.10")).toBe(lab);
    for (const [any, addresses] of [
      ["0.0.0.0", ["203.0.113.10", "198.51.100.20", "198.51.100.30"]],
      ["::", ["2001:db8::10", "2001:db8::20", "2001:db8::30"]],
    ] as const)
      for (const [from, source] of [one, two].map((h, i) => [h, addresses[i + 1] ?? ""] as const))
        for (const [to, address] of [lab, one, two].map((h, i) => [h, addresses[i] ?? ""] as const)) {
          const receiver = await to.udp(address, 5070);
          const sender = await from.udp(any);
          await sender.send("x", { address, port: 5070 });
          expect((await receiver.receive(2000)).address).toBe(source);
          await receiver.close();
          await sender.close();
        }
    await expect(one.udp("203.0.113.10")).rejects.toThrow();
  });

  test("tells at once that an address is unreachable or a name unknown, and knows the names it was given", async () => {
    const host = await lab.host("198.51.100.20", "2001:db8::20");
    const start = Date.now();
    await expect(
      host.tcp({ address: "192.0.2.1", port: 5060 }, { address: "198.51.100.20" }),
    ).rejects.toThrow(/UNREACH/);
    expect((await host.exec(["getent", "hosts", "nowhere.example.net"])).code).not.toBe(0);
    expect((await host.exec(["getent", "hosts", "sip.example.com"])).output).toContain("203.0.113.10");
    expect((await lab.exec(["sh", "-c", "getent hosts $(uname -n)"])).output).toContain("127.0.0.1 ");
    expect(Date.now() - start).toBeLessThan(1500);
  });

  test("shares no port with another lab and does not see the host's network", async () => {
    const mine = await lab.udp("127.0.0.1", 5099);
    await withLab({}, async (other) => {
      const theirs = await other.udp("127.0.0.1", 5099);
      await theirs.send("x", { address: "127.0.0.1", port: 5099 });
      await theirs.receive(1000);
      expect(mine.received).toEqual([]);
      await expect(other.udp("203.0.113.10")).rejects.toThrow();
    });
    await mine.close();
  });

  test("gives a program's lines, input and exit code", async () => {
    const sh = await lab.spawn("sh", ["sh", "-c", "echo up; read x; echo got $x >&2; exit 3"]);
    await sh.waitFor(/^up$/, 1000);
    sh.write("this\n");
    expect(await sh.waitFor(/got/, 1000)).toBe("got this");
    expect(await sh.exited).toBe(3);
    await expect(sh.waitFor(/never/, 1000)).rejects.toThrow(/ended before/);
  });

  test("can be entered by code that starts processes itself", () => {
    const { file, args } = lab.enter(["sh", "-c", "grep -c . /proc/net/dev; cat /proc/1/comm"]);
    expect(execFileSync(file, args, { encoding: "utf8" })).toMatch(/^\d+\nsh\n/);
  });

  test("leaves nothing alive and no file behind, not even a daemon that went its own way", async () => {
    const other = await openLab();
    const mark = `9${Date.now() % 1e8}.${process.pid}`;
    await other.exec(["sh", "-c", `setsid sleep ${mark} >/dev/null 2>&1 &`]);
    const alive = (): boolean =>
      execFileSync("ps", ["axo", "args"], { encoding: "utf8" }).includes(`sleep ${mark}`);
    expect(alive()).toBe(true);
    await other.close();
    await expect.poll(alive).toBe(false);
    expect(existsSync(other.dir)).toBe(false);
  });

  test("ends by itself when its life is over", async () => {
    const short = await openLab({ lifeMs: 700 });
    const sleeper = await short.spawn("sleep", ["sleep", "60"]);
    expect(await sleeper.exited).toBe(null);
    await short.close();
  });
});
