import { afterAll, beforeAll, expect, test } from "vitest";
import { hostBehindNat } from "./nat.ts";
import { type Lab, openLab, type Place } from "./netns.ts";

const server = { address: "198.51.100.7", port: 5060 } as const;
const inside = "192.168.1.10";
const outside = "203.0.113.77";

let lab: Lab;
let host: Place;
beforeAll(async () => {
  lab = await openLab({ addresses: [server.address] });
  host = await hostBehindNat(lab, { inside, outside, udpSeconds: 3 });
}, 60_000);
afterAll(() => lab.close());

test("a host behind NAT is seen at another address and port, is answered there, and not reached otherwise", async () => {
  const far = await lab.udp(server.address, server.port);
  const near = await host.udp(inside, 5060);
  await near.send("asked", server);
  const asked = await far.receive(2000);
  expect(asked.address).toBe(outside);
  expect(asked.port).toBeGreaterThanOrEqual(40_000);
  await far.send("answered", asked);
  expect((await near.receive(2000)).text).toBe("answered");
  await far.send("unasked", { address: inside, port: 5060 });
  await far.send("unasked", { address: outside, port: 5060 });
  await new Promise((resolve) => setTimeout(resolve, 5000));
  await far.send("too late", asked);
  await expect(near.receive(1000)).rejects.toThrow();
}, 20_000);
