import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineLine } from "../../../src/model/model.ts";
import { type Option, options } from "../../../src/targets/rtpengine/options.ts";
import { capture } from "../../lab/capture.ts";
import { labEngine } from "../../lab/edge.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import { audioOf, configOf, flags, modelOf, type Relay, sdp, startRelay } from "./relay.ts";

const lines: readonly EngineLine[] = ["6.1", "6.0", "5.6"];
const baseline = "replace-origin replace-session-connection ICE=remove rtcp-mux-demux RTP/AVP";
const network = {
  public_ip: { v4: "203.0.113.99", v6: "2001:db8::7" },
  bind_ip: { v4: "198.51.100.7", v6: "2001:db8::7" },
  agents: { address: "10.0.4.1" },
  rtp: [31000, 31099],
};

beforeAll(async () => {
  for (const line of lines) await labEngine(line);
}, 600_000);

describe.each(lines)("rtpengine of engine line %s with the emitted configuration", (line) => {
  let lab: Lab;
  let relay: Relay;
  beforeAll(async () => {
    lab = await openLab({
      addresses: ["198.51.100.7", "2001:db8::7", "10.0.4.1", "203.0.113.10", "10.0.4.10"],
    });
    relay = await startRelay(lab, line, configOf(modelOf(network, line)));
  });
  afterAll(() => lab.close());

  async function call(
    id: string,
    from: string,
    to: string,
    more = "",
  ): Promise<{ toCallee: ReturnType<typeof audioOf>; toCaller: ReturnType<typeof audioOf> }> {
    const offer = await relay.request({
      command: "offer",
      "call-id": id,
      "from-tag": "a",
      sdp: sdp(from, 7000),
      ...flags(`direction=carrier direction=agents ${baseline}${more}`),
    });
    const answer = await relay.request({
      command: "answer",
      "call-id": id,
      "from-tag": "a",
      "to-tag": "b",
      sdp: sdp(to, 7100),
      ...flags(baseline),
    });
    return { toCallee: audioOf(offer), toCaller: audioOf(answer) };
  }

  test("gives the configured addresses and ports, IPv4 and IPv6", async () => {
    for (const [from, advertised] of [
      ["203.0.113.10", "203.0.113.99"],
      ["2001:db8::10", "2001:db8::7"],
    ] as const) {
      const { toCallee, toCaller } = await call(`address ${from}`, from, "10.0.4.10");
      expect(toCallee.address).toBe("10.0.4.1");
      expect(toCaller.address).toBe(advertised);
      for (const { port } of [toCallee, toCaller]) {
        expect(port).toBeGreaterThanOrEqual(31000);
        expect(port).toBeLessThanOrEqual(31098);
      }
    }
  });

  test("says over its command line what the file says", async () => {
    const client = await lab.tcp({ address: "127.0.0.1", port: 2224 }, { address: "127.0.0.1" });
    await client.send("params current\n");
    await expect
      .poll(() => client.text, { timeout: 3000 })
      .toMatch(/^(rec_format|recording-format|table) = /m);
    const said = new Map(
      [...client.text.matchAll(/^([a-z_-]+) = (.*?)\s*$/gm)].map((m) => [m[1]?.replaceAll("-", "_"), m[2]]),
    );
    // 26.0 prints the names of its variables, and microseconds.
    const second = line === "6.1" ? 1_000_000 : 1;
    const name = (seconds: string): string => (line === "6.1" ? `${seconds}_us` : seconds);
    expect(said.get(name("timeout"))).toBe(String(60 * second));
    expect(said.get(name("silent_timeout"))).toBe(String(3600 * second));
    expect(said.get(name("offer_timeout"))).toBe(String(300 * second));
    expect(said.get(name("delete_delay"))).toBe("0");
    expect(said.get("port_min")).toBe("31000");
    expect(said.get("port_max")).toBe("31099");
    expect(said.get(line === "6.1" ? "kernel_table" : "table")).toBe("-1");
    expect(said.get(line === "6.1" ? "default_tos" : "tos")).toBe("184");
    await client.close();
  });

  test("marks media with EF and forwards it both ways", async () => {
    const { toCallee, toCaller } = await call("marked", "203.0.113.10", "10.0.4.10");
    const caller = await lab.udp("203.0.113.10", 7000);
    const callee = await lab.udp("10.0.4.10", 7100);
    const seen = await capture(lab, "udp and portrange 7000-7100");
    const packet = Buffer.alloc(172, 0xd5);
    packet.writeUInt32BE(0x80000001);
    await caller.send(packet, { ...toCaller, address: "198.51.100.7" });
    await callee.send(packet, toCallee);
    await caller.receive(2000);
    await callee.receive(2000);
    // tcpdump hands packets over once a second.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const forwarded = (await seen.stop()).filter((p) => [7000, 7100].includes(p.destinationPort));
    expect(forwarded.map((p) => p.dscp)).toEqual([46, 46]);
    await caller.close();
    await callee.close();
  });

  test("frees the ports of a call as soon as it is deleted, and says when there are none", async () => {
    const offer = (id: string): ReturnType<Relay["request"]> =>
      relay.request({
        command: "offer",
        "call-id": id,
        "from-tag": "a",
        sdp: sdp("203.0.113.10", 7000),
        ...flags(`direction=carrier direction=agents ${baseline}`),
      });
    const ids: string[] = [];
    let last = await offer("full 0");
    while (last.result === "ok" && ids.length < 60) {
      ids.push(`full ${ids.length}`);
      last = await offer(`full ${ids.length}`);
    }
    expect(ids.length).toBeLessThanOrEqual(50);
    expect(ids.length).toBeGreaterThan(40);
    expect(last).toMatchObject({ result: "error", "error-reason": "Ran out of ports" });
    await relay.request({ command: "delete", "call-id": ids[0] ?? "" });
    expect((await offer("after")).result).toBe("ok");
    for (const id of [...ids, "after"]) await relay.request({ command: "delete", "call-id": id });
  });

  test("knows every option that may be written", async () => {
    const engine = await labEngine(line);
    const { output } = await lab.exec(engine.command("rtpengine", ["--help"]));
    const known = [...output.matchAll(/--([a-z0-9-]+)/g)].map((m) => m[1]);
    const written = Object.entries<Option>(options).filter(([, o]) => o.lines.includes(line));
    expect(written.length).toBeGreaterThan(10);
    for (const [name] of written) expect(known).toContain(name);
  });

  test("does not warn about its configuration", () => {
    expect(relay.process.lines.filter((l) => /unknown|invalid|not found|deprecat/i.test(l))).toEqual([]);
  });
});

test("serves both sides from one loopback address", async () => {
  const lab = await openLab({});
  try {
    const relay = await startRelay(lab, "6.1", configOf(modelOf({})));
    const offer = await relay.request({
      command: "offer",
      "call-id": "loop",
      "from-tag": "a",
      sdp: sdp("127.0.0.1", 7000),
      ...flags(`direction=carrier direction=agents ${baseline}`),
    });
    expect(audioOf(offer).address).toBe("127.0.0.1");
  } finally {
    await lab.close();
  }
});
