/** The reserve of media ports: neither direction takes all, and nobody finds the relay without ports. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts, refuses, ringsFor } from "./kit/behaviours.ts";
import { type Dialog, dialogOf, within } from "./kit/call.ts";
import { headerLines, statusOf, unique } from "./kit/message.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const [pbxAt, officeAt, carrierAt, agentAt] = [
  "203.0.113.10",
  "203.0.113.11",
  "203.0.113.50",
  "10.0.4.10",
] as const;
/** Of six calls that the ports are enough for. */
const reserve = { inbound: 2, outbound: 1 };
const most = { inbound: 5, outbound: 4, both: 6 };

describe.each(["6.1", "6.0", "5.6"] as const)("engine line %s", (engine) => {
  let lab: Lab;
  let edge: Edge;
  let pbx: Server;
  let office: Server;
  let carrier: Server;
  let agent: Server;
  beforeAll(async () => {
    lab = await openLab({
      addresses: [edgeAt.address, agentsSide.address, pbxAt, officeAt, carrierAt, agentAt],
    });
    const agents = { sarah: { uri: `sip:${agentAt}:5080` } };
    const from = (address: string) => ({ type: "ip_allowlist", allowed_ips: [address] });
    edge = await startEdge(lab, {
      engine,
      network: {
        public_ip: edgeAt.address,
        carrier: { udp: 5060, tcp: false },
        agents: { address: agentsSide.address, udp: 5080, tcp: false },
        rtp: [30000, 30023],
        rtp_reserve: reserve,
      },
      trunks: [
        {
          crew_id: "pbx",
          agents,
          sip: {
            auth: from(pbxAt),
            inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "sarah" }],
          },
        },
        {
          crew_id: "office",
          limits: { calls: 1, inbound: { calls: 1 }, response: { code: 486, reason: "Busy Here" } },
          sip: {
            auth: from(officeAt),
            inbound_routes: [
              { match: { to_uri: "+14155552222" }, forward: { number: "+14155550177", via: "acme" } },
            ],
          },
        },
        {
          crew_id: "acme",
          agents,
          sip: { outbound: { uri: `sip:${carrierAt}:5060`, allowed_destinations: ["+1"] } },
        },
      ],
    });
    pbx = await sipServer(lab, pbxAt, 5060, accepts());
    office = await sipServer(lab, officeAt, 5060, accepts());
    carrier = await sipServer(lab, carrierAt, 5060, accepts());
    agent = await sipServer(lab, agentAt, 5080, accepts());
  }, 600_000);
  afterAll(async () => {
    for (const party of [pbx, office, carrier, agent]) await party?.close();
    await edge?.stop();
    await lab?.close();
  });
  beforeEach(() => {
    carrier.answerWith(accepts());
    agent.answerWith(accepts());
  });

  interface Direction {
    readonly by: () => Server;
    readonly side: { readonly address: string; readonly port: number };
    readonly uri: string;
    readonly callee: () => Server;
  }
  const inbound: Direction = {
    by: () => pbx,
    side: edgeAt,
    uri: `sip:+14155551111@${edgeAt.address}`,
    callee: () => agent,
  };
  const forwarded: Direction = {
    ...inbound,
    by: () => office,
    uri: `sip:+14155552222@${edgeAt.address}`,
    callee: () => carrier,
  };
  const outbound: Direction = {
    by: () => agent,
    side: agentsSide,
    uri: `sip:+14155550123@${agentsSide.address}:5080`,
    callee: () => carrier,
  };

  interface Held {
    readonly way: Direction;
    readonly dialog: Dialog;
  }
  const make = ({ by, uri }: Direction): string =>
    by().make({ uri, callId: unique("call"), headers: by() === agent ? ["X-Crew-Trunk: acme"] : [] });
  async function hold(way: Direction): Promise<Held> {
    const { by, side, callee } = way;
    const invite = make(way);
    const before = callee().requests("ACK").length;
    const answer = await by().ask(invite, 5000, side);
    expect(answer.split("\r\n")[0]).toBe("SIP/2.0 200 OK");
    const dialog = dialogOf(invite, answer);
    await by().send(within(by(), dialog, "ACK"), side);
    await callee().request("ACK", before);
    return { way, dialog };
  }
  async function holds(way: Direction, n: number): Promise<Held[]> {
    const held: Held[] = [];
    for (let i = 0; i < n; i++) held.push(await hold(way));
    return held;
  }
  async function end(held: readonly Held[]): Promise<void> {
    for (const { way, dialog } of held)
      expect(statusOf(await way.by().ask(within(way.by(), dialog, "BYE"), 3000, way.side))).toBe(200);
  }
  async function full(way: Direction, reason: string): Promise<void> {
    const invite = make(way);
    const before = way.callee().requests("INVITE").length;
    const answer = await way.by().ask(invite, 5000, way.side);
    expect(answer.split("\r\n")[0]).toBe("SIP/2.0 503 Service Unavailable");
    expect(headerValues(answer, "Retry-After")).toEqual([]);
    expect(way.callee().requests("INVITE")).toHaveLength(before);
    const call = headerValues(invite, "Call-ID")[0];
    await expect
      .poll(() => edge.records("refused").filter((r) => r.call === call), soon)
      .toMatchObject([{ code: 503, reason }]);
  }
  async function counted(): Promise<Readonly<Record<string, number>>> {
    const socket = `unix:${edge.folder}/private/ctl.sock`;
    const { output } = await lab.exec(edge.runtime.command("kamcmd", ["-s", socket, "htable.dump", "count"]));
    const rows = [...output.matchAll(/name: -edge(\S*)[\s\S]*?value: (-?\d+)/g)];
    return Object.fromEntries(rows.map(([, name = "", n = ""]) => [name.slice(1) || "both", Number(n)]));
  }
  const nothing = { both: 0, inbound: 0, outbound: 0 };

  test("calls of one direction leave the other its own, and the last port is used", async () => {
    let held = await holds(inbound, most.inbound);
    await full(inbound, "rtp_reserve");
    held.push(...(await holds(outbound, reserve.outbound)));
    await full(outbound, "rtp");
    await full(inbound, "rtp_reserve");
    await end(held);
    held = await holds(outbound, most.outbound);
    await full(outbound, "rtp_reserve");
    held.push(...(await holds(inbound, reserve.inbound)));
    await full(inbound, "rtp");
    await end(held);
    expect(await counted()).toEqual(nothing);
  });

  test("a forwarded call takes ports once, as one that comes in", async () => {
    const held = [await hold(forwarded), ...(await holds(outbound, 1))];
    expect(await counted()).toEqual({ both: 2, inbound: 1, outbound: 1 });
    held.push(...(await holds(inbound, most.inbound - 1)));
    // A trunk's own answer is for what is full of itself.
    const answer = await office.ask(make(forwarded), 5000, edgeAt);
    expect(statusOf(answer)).toBe(503);
    await end(held);
    expect(await counted()).toEqual(nothing);
  });

  test("what another limit refuses keeps no ports", async () => {
    const held = [await hold(forwarded)];
    for (let i = 0; i < most.inbound; i++)
      expect(statusOf(await office.ask(make(forwarded), 5000, edgeAt))).toBe(486);
    expect(await counted()).toEqual({ both: 1, inbound: 1, outbound: 0 });
    await end(held);
    carrier.answerWith(refuses("503 Service Unavailable"));
    for (const way of [forwarded, outbound]) await way.by().ask(make(way), 5000, way.side);
    expect(await counted()).toEqual(nothing);
  });

  test("ringing calls keep their ports, and a CANCEL frees them", async () => {
    agent.answerWith(ringsFor(20_000), accepts());
    const ringing: { readonly invite: string; readonly done: Promise<string> }[] = [];
    for (let i = 0; i < most.inbound; i++) {
      const invite = make(inbound);
      const done = pbx.ask(invite, 20_000, edgeAt);
      const callId = headerValues(invite, "Call-ID")[0] ?? "";
      await pbx.peer.receive(3000, (d) => statusOf(d.text) === 180 && d.text.includes(callId));
      ringing.push({ invite, done });
    }
    await full(inbound, "rtp_reserve");
    for (const { invite, done } of ringing) {
      const cancel = [
        invite.split("\r\n")[0]?.replace("INVITE", "CANCEL"),
        ...headerLines(invite).filter((l) => /^(via|from|to|call-id|max-forwards):/i.test(l)),
        ...["CSeq: 1 CANCEL", "Content-Length: 0", "", ""],
      ].join("\r\n");
      expect(statusOf(await pbx.ask(cancel, 3000, edgeAt))).toBe(200);
      expect(statusOf(await done)).toBe(487);
    }
    await expect.poll(counted, soon).toEqual(nothing);
  });

  test("of many calls at once in both directions as many as there are ports for are up", async () => {
    const ways = Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? inbound : outbound));
    const placed = await Promise.all(
      ways.map(async (way) => {
        const invite = make(way);
        return { way, invite, answer: await way.by().ask(invite, 10_000, way.side) };
      }),
    );
    const up = placed.filter(({ answer }) => statusOf(answer) === 200);
    expect(placed.filter(({ answer }) => statusOf(answer) === 503)).toHaveLength(ways.length - most.both);
    expect(up).toHaveLength(most.both);
    expect(placed.flatMap(({ answer }) => headerValues(answer, "Retry-After"))).toEqual([]);
    for (const { way, invite, answer } of up) {
      const dialog = dialogOf(invite, answer);
      const before = way.callee().requests("ACK").length;
      await way.by().send(within(way.by(), dialog, "ACK"), way.side);
      await way.callee().request("ACK", before);
      await end([{ way, dialog }]);
    }
    expect(await counted()).toEqual(nothing);
  });
});
