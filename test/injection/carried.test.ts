/** Whatever odd text the grammars accept reaches the wire as it was written, through the real Kamailio, and changes nothing else. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { statusOf, uriOf } from "../e2e/kit/message.ts";
import { addresses, agentsSide, edgeAt, openWorld, type World } from "../e2e/kit/world.ts";

const of = (alphabet: string, max: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength: max });
const letters = "abcXYZ019";

/** RFC 3261's user characters, thick with those that mean something to some parser of ours. */
const users = [
  ...new Set([
    ...[
      "$ru",
      "$$",
      "$(ci)",
      "'or'1",
      "a;b=c",
      "a?b",
      "a/b",
      "a,b",
      "~!*",
      "&&",
      "=",
      "$var(x)",
      "()",
      "..",
      "-",
      "_",
      "+",
      "'",
    ],
    ...fc.sample(of(`${letters}$$$''()&=+,;?/!~*.-_`, 20), { seed: 3261, numRuns: 60 }),
  ]),
];
const reasons = [
  ...new Set(fc.sample(of(`${letters} .,_-`, 30), { seed: 21, numRuns: 20 }).map((r) => `R${r}`)),
];

let world: World;
beforeAll(async () => {
  const inbound_routes = [
    ...users.map((to_user) => ({ match: { to_user }, agent_id: "agent_sarah" })),
    ...reasons.map((reason, i) => ({
      match: { to_user: `refused${i}` },
      refuse: { code: 480 + (i % 3), reason },
    })),
  ];
  const auth = { type: "ip_allowlist", allowed_ips: [addresses.carrier] };
  world = await openWorld({ trunk: { sip: { auth, inbound_routes } } });
});
afterAll(() => world.close());

test.each(users)("a call to %s reaches the agent under that very user", async (user) => {
  const { carrier, agent } = world;
  const callId = `carried-${users.indexOf(user)}`;
  const final = await carrier.ask(carrier.make({ uri: `sip:${user}@${edgeAt.address}`, callId }));
  expect(final).toMatch(/^SIP\/2.0 200 /);
  expect(uriOf(await agent.request("INVITE", callId))).toBe(
    `sip:${user}@${addresses.agent}:${agentsSide.port}`,
  );
});

test.each(reasons)("a refusal says %s", async (reason) => {
  const i = reasons.indexOf(reason);
  const final = await world.carrier.ask(world.carrier.make({ uri: `sip:refused${i}@${edgeAt.address}` }));
  expect(final.split("\r\n")[0]).toBe(`SIP/2.0 ${480 + (i % 3)} ${reason}`);
});

test("users that are not in the config are still nobody", async () => {
  for (const user of ["$rU", "refused", "a", "$var", "(", "c1"].filter((u) => !users.includes(u))) {
    const final = await world.carrier.ask(world.carrier.make({ uri: `sip:${user}@${edgeAt.address}` }));
    expect(statusOf(final), user).toBe(404);
  }
  expect(await world.alive()).toBe(true);
});
