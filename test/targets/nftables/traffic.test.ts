import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { shows } from "../../acceptance/shows.ts";
import { labEngine } from "../../lab/edge.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import type { UdpPeer } from "../../lab/sockets.ts";
import { compile, type EdgeParts, load, modelOf, type Nft, nftOf } from "./firewall.ts";

const known = "203.0.113.10";
const agent = "10.0.4.10";
const stranger = "192.0.2.66";
const known6 = "2001:db8:1::5";
const stranger6 = "2001:db8:bad::66";
const edge = "198.51.100.7";
const edge6 = "2001:db8::7";
const agents = "10.0.4.1";
const loopback = "127.0.0.1";
/** Where rtpengine takes its orders. */
const control = 2223;

/** Sends `count` datagrams, or opens a connection, from an address to a port; runs in the other namespace. */
const client = `
const [, kind, from, to, port, count, source = 0] = process.argv;
if (kind === "udp") {
  const socket = require("node:dgram").createSocket(from.includes(":") ? "udp6" : "udp4");
  socket.bind(Number(source), from, async () => {
    for (let i = 0; i < Number(count); i++) {
      await new Promise((r) => socket.send(from, Number(port), to, r));
      if (i % 50 === 49) await new Promise((r) => setTimeout(r, 3));
    }
    socket.close();
  });
} else {
  const socket = require("node:net").connect({ host: to, port: Number(port), localAddress: from });
  socket.on("connect", () => { console.log("open"); process.exit(); });
  socket.on("error", (e) => { console.log(e.code); process.exit(); });
  setTimeout(() => { console.log("silent"); process.exit(); }, 400);
}`;

let lab: Lab;
let nft: Nft;
let outside: readonly string[];
const sockets = new Map<string, UdpPeer>();

beforeAll(async () => {
  await labEngine("6.1");
  lab = await openLab();
  nft = await nftOf(lab, "6.1");
  const ip = async (...args: string[]): Promise<void> => {
    const { code, output } = await lab.exec(lab.tools.command("ip", args));
    if (code !== 0) throw new Error(`ip ${args.join(" ")}: ${output}`);
  };
  const other = await lab.spawn("outside", ["unshare", "--net", "sleep", "600"]);
  outside = ["nsenter", "--net", "--target", String(other.pid), "--"];
  const ipOutside = async (...args: string[]): Promise<void> => {
    const { file, args: words } = lab.tools.command("ip", args);
    const { code, output } = await lab.exec([...outside, file, ...words]);
    if (code !== 0) throw new Error(`outside: ip ${args.join(" ")}: ${output}`);
  };
  const namespaceOf = async (enter: readonly string[]): Promise<string> =>
    (await lab.exec([...enter, "readlink", "/proc/self/ns/net"])).output;
  await vi.waitFor(async () => expect(await namespaceOf(outside)).not.toBe(await namespaceOf([])));
  await ip("link", "add", "edge", "type", "veth", "peer", "name", "far");
  await ip("link", "set", "far", "netns", String(other.pid));
  for (const address of [`${edge}/32`, `${agents}/32`]) await ip("addr", "add", address, "dev", "edge");
  await ip("addr", "add", `${edge6}/128`, "dev", "edge", "nodad");
  await ip("link", "set", "edge", "up");
  await ipOutside("link", "set", "far", "up");
  for (const address of [known, agent, stranger])
    await ipOutside("addr", "add", `${address}/32`, "dev", "far");
  for (const address of [known6, stranger6])
    await ipOutside("addr", "add", `${address}/128`, "dev", "far", "nodad");
  await ip("route", "add", "default", "dev", "edge");
  await ip("-6", "route", "add", "default", "dev", "edge");
  await ipOutside("route", "add", "default", "dev", "far");
  await ipOutside("-6", "route", "add", "default", "dev", "far");
  for (const [address, port] of [
    [edge, 5060],
    [edge, 12345],
    [edge, 5353],
    [edge6, 5060],
    [agents, 5080],
    [loopback, control],
  ] as const)
    sockets.set(`${address} ${port}`, await lab.udp(address, port));
  for (const [address, port] of [
    [edge, 5060],
    [edge, 22],
    [agents, 5080],
  ] as const)
    await lab.listen(address, port);
}, 600_000);
afterAll(() => lab.close());

async function use(parts: EdgeParts): Promise<void> {
  await nft("flush", "ruleset");
  await load(lab, nft, compile(modelOf(parts)).artifact.text);
}

/** How many of `count` datagrams came through. */
async function through(
  from: string,
  to: string,
  port: number,
  count = 1,
  { where = outside, source = 0 }: { where?: readonly string[]; source?: number } = {},
): Promise<number> {
  const socket = sockets.get(`${to} ${port}`);
  if (socket === undefined) throw new Error(`no socket at ${to} port ${port}`);
  const before = socket.received.length;
  const words = [from, to, port, count, source].map(String);
  await lab.exec([...where, process.execPath, "-e", client, "udp", ...words]);
  await new Promise((resolve) => setTimeout(resolve, 150));
  return socket.received.slice(before).filter((d) => d.text === from).length;
}

async function connects(from: string, to: string, port: number): Promise<string> {
  const { output } = await lab.exec([
    ...outside,
    process.execPath,
    "-e",
    client,
    "tcp",
    from,
    to,
    String(port),
    "1",
  ]);
  return output;
}

describe("traffic from outside", () => {
  test("reaches the edge from known addresses, and from no other where all are known", async () => {
    shows("document/firewall");
    await use({});
    expect(await through(known, edge, 5060)).toBe(1);
    expect(await through(known6, edge6, 5060)).toBe(1);
    expect(await through(agent, agents, 5080)).toBe(1);
    expect(await connects(known, edge, 5060)).toBe("open");
    expect(await connects(agent, agents, 5080)).toBe("open");
    for (const source of [stranger, agent]) expect(await through(source, edge, 5060)).toBe(0);
    for (const source of [stranger, known]) expect(await through(source, agents, 5080)).toBe(0);
    expect(await through(stranger6, edge6, 5060)).toBe(0);
    expect(await connects(stranger, edge, 5060)).toBe("silent");
    expect(await connects(known, agents, 5080)).toBe("silent");
  });

  test("reaches media ports, SSH and all that is not the edge's", async () => {
    shows("document/firewall");
    await use({});
    expect(await through(stranger, edge, 12345)).toBe(1);
    expect(await through(stranger, edge, 5353)).toBe(1);
    expect(await connects(stranger, edge, 22)).toBe("open");
  });

  test("is let in up to a rate from each source where a trunk signs in by password; known peers are not counted", async () => {
    await use({ digest: true });
    expect(await through(stranger, edge, 5060)).toBe(1);
    expect(await connects(stranger, edge, 5060)).toBe("open");
    const flood = await through(stranger, edge, 5060, 1000);
    expect(flood).toBeGreaterThan(300);
    expect(flood).toBeLessThan(800);
    // In turns that a receive buffer holds: what is lost there is not the firewall's doing.
    for (let turn = 0; turn < 5; turn++) expect(await through(known, edge, 5060, 200)).toBe(200);
    expect(await through(stranger6, edge6, 5060)).toBe(1);
    expect(await through(agent, edge, 5060)).toBe(1);
    expect(await through(stranger, agents, 5080)).toBe(0);
  });

  test("stays out while it is banned, also after a replacement, and a ban never hits a known peer", async () => {
    await use({ digest: true });
    for (const address of [stranger, known])
      await nft("add", "element", "inet", "crew_lab", "ban4", `{ ${address} timeout 1h }`);
    await nft("add", "element", "inet", "crew_lab", "ban6", "{ 2001:db8:bad:: timeout 1h }");
    for (const allowed of [undefined, [known, "203.0.113.11", known6]]) {
      if (allowed) await load(lab, nft, compile(modelOf({ digest: true, allowed })).artifact.text);
      expect(await through(stranger, edge, 5060)).toBe(0);
      expect(await through(stranger6, edge6, 5060)).toBe(0);
      expect(await connects(stranger, edge, 5060)).toBe("silent");
      expect(await through(known, edge, 5060)).toBe(1);
      expect(await through(agent, edge, 5060)).toBe(1);
    }
    await nft("delete", "element", "inet", "crew_lab", "ban4", `{ ${stranger} }`);
    await nft("add", "element", "inet", "crew_lab", "ban4", `{ ${stranger} timeout 1s }`);
    expect(await through(stranger, edge, 5060)).toBe(0);
    await expect.poll(() => through(stranger, edge, 5060), { timeout: 5000 }).toBe(1);
  });
});

describe("traffic of this host", () => {
  test("reaches the orders of rtpengine, unless it is audio from an address of the edge", async () => {
    await use({});
    const onHost = (from: string, to: string, port: number, source = 0): Promise<number> =>
      through(from, to, port, 1, { where: [], source });
    const [audio, sip] = [12_346, 5070];
    expect(await onHost(loopback, loopback, control)).toBe(1);
    // Kamailio ends a call's media from the socket of the call.
    for (const source of [edge, agents]) expect(await onHost(source, loopback, control, sip)).toBe(1);
    for (const source of [edge, agents]) expect(await onHost(source, loopback, control, audio)).toBe(0);
    expect(await onHost(agents, edge, 12345, audio)).toBe(1);
  });
});
