/** Sides without a common codec: tones and digits across the edge, and what each side is offered. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { back, type Half, half, type Invited, invite, within } from "../targets/kamailio/calls.ts";
import { sdp } from "../targets/rtpengine/relay.ts";
import { agentsSide, draft, edgeAt, number, openWorld, sleep, toAgent, type World } from "./call-world.ts";
import { eventPackets, eventsIn } from "./events.ts";
import { bodyOf, methodOf, request, response, unique } from "./kit/message.ts";

const opus = "opus/48000/2";
const carrierHost = "203.0.113.200";
const agentHost = "10.0.4.200";

describe.each(["6.1", "6.0"] as const)("engine line %s", (engine) => {
  let world: World;
  let caller: Half;
  let agent: Half;
  beforeAll(async () => {
    const by = (port: number, codecs: readonly string[]) => ({ uri: `sip:${agentHost}:${port}`, codecs });
    const config = draft(
      {
        hand: by(5080, ["opus"]),
        both: by(5080, ["opus", "PCMA"]),
        old: by(5080, ["PCMU"]),
      },
      [
        ...["hand", "both", "old"].map((id, n) => toAgent(n + 2, id)),
        toAgent(9, "hand", { on_failure: [{ agent_id: "old" }] }),
      ],
      {
        codecs: [{ name: "PCMU" }, { name: "PCMA" }, { name: "opus", sample_rate: 16000 }, { name: "G722" }],
      },
    ) as { trunks: { sip: object }[] };
    const [first] = config.trunks;
    const other = (crew_id: string, address: string, sip: object) => ({
      ...first,
      crew_id,
      sip: { ...first?.sip, auth: { type: "ip_allowlist", allowed_ips: [address] }, ...sip },
    });
    world = await openWorld({
      ...config,
      engine,
      trunks: [
        other("hand", carrierHost, {}),
        other("always", "203.0.113.201", {
          codecs: [{ name: "PCMU" }, { name: "PCMA" }, { name: "opus", sample_rate: 16000 }],
          transcode: "always",
        }),
        other("never", "203.0.113.202", {
          transcode: "never",
          codecs: [{ name: "PCMU" }, { name: "PCMA" }],
          inbound_routes: [toAgent(3, "both")],
        }),
      ],
    });
    await world.lab.addAddress(agentHost);
    agent = await half(world.lab, agentHost, 5080, agentsSide);
    // The edge asks by OPTIONS whether it is there.
    const serve = async (): Promise<void> => {
      for (;;) {
        const { text } = await agent.peer.receive(600_000, (d) => methodOf(d.text) === "OPTIONS");
        await agent.send(response(text, "200 OK", { toTag: "agent" }));
      }
    };
    serve().catch(() => {});
    caller = await carrier(carrierHost);
  }, 600_000);
  afterAll(() => world.close());

  async function carrier(address: string): Promise<Half> {
    await world.lab.addAddress(address);
    return half(world.lab, address, 5060, edgeAt);
  }

  const rtpmaps: Readonly<Record<number, string>> = {
    0: "PCMU/8000",
    8: "PCMA/8000",
    9: "G722/8000",
    18: "G729/8000",
    101: "telephone-event/8000",
    110: "telephone-event/48000",
    111: opus,
  };
  const media = (host: string, types: readonly number[], port: number, direction = "sendrecv"): string =>
    sdp(host, port, types.join(" "), [...types.map((t) => `rtpmap:${t} ${rtpmaps[t]}`), direction]);
  /** An SDP of the agent with payload types that it was given. */
  const reply = (to: string, names: readonly string[], port = 18_000): string => {
    const types = names.map((n) => Number(new RegExp(`a=rtpmap:(\\d+) ${n}`).exec(bodyOf(to))?.[1]));
    return sdp(
      agentHost,
      port,
      types.join(" "),
      types.map((t, i) => `rtpmap:${t} ${names[i]}`),
    );
  };
  /** Names of an SDP's codecs, in its order. */
  function codecsOf(text: string): string[] {
    const types = /^m=audio \d+ \S+ ([\d ]+)/m.exec(bodyOf(text))?.[1]?.trim().split(" ") ?? [];
    return types.map((t) => new RegExp(`a=rtpmap:${t} (\\S+)`).exec(bodyOf(text))?.[1] ?? t);
  }
  /** What the trunk's list becomes: events of both clocks. */
  const all = [
    ...["PCMU/8000", "PCMA/8000", opus, "G722/8000"],
    "telephone-event/8000",
    "telephone-event/48000",
  ];
  const say = (to: string, status: string, body = ""): Promise<void> =>
    agent.send(response(to, status, { toTag: "agent", contact: `sip:agent@${agentHost}:5080`, body }));
  const ring = (n: number, types: readonly number[], from = caller): Promise<Invited> =>
    invite(from, agent, {
      uri: `sip:${number(n)}@${edgeAt.address}`,
      body: media(from.at.address, types, 17_000),
    });

  async function answered(call: Invited, body: string, from = caller): Promise<string> {
    await say(call.got, "200 OK", body);
    const ok = await from.next(call.callId, 200);
    await from.send(within(from, call, ok, "ACK", 1));
    await agent.next(call.callId, "ACK");
    return ok;
  }

  async function ends(call: Invited, ok: string, from = caller): Promise<void> {
    await from.send(within(from, call, ok, "BYE", 9));
    await say(await agent.next(call.callId, "BYE"), "200 OK");
    await from.next(call.callId, 200);
  }

  describe("what each side is offered", () => {
    test.each([
      [2, [18, 8, 0, 101], [opus, "telephone-event/48000"], ["PCMU/8000", "telephone-event/8000"]],
      [2, [9, 101], [opus, "telephone-event/48000"], ["G722/8000", "telephone-event/8000"]],
      [2, [0], [opus], ["PCMU/8000"]],
      [4, [111, 110], ["PCMU/8000", "telephone-event/8000"], [opus, "telephone-event/48000"]],
      [4, [111, 101, 110], ["PCMU/8000", "telephone-event/8000"], [opus, "telephone-event/48000"]],
      // Events of 8 kHz alone are no part of an Opus stream (RFC 4733 section 2.1); the relay would mix them up.
      [4, [111, 101], ["PCMU/8000", "telephone-event/8000"], [opus]],
    ] as const)("number %i, offer %j: %j to the agent, %j to the caller", async (n, offer, there, hither) => {
      const call = await ring(n, offer);
      expect(codecsOf(call.got)).toEqual(there);
      expect(/a=fmtp:\d+ (maxplaybackrate=16000;.*)/.exec(bodyOf(call.got)) !== null).toBe(there[0] === opus);
      const ok = await answered(call, reply(call.got, there));
      expect(codecsOf(ok)).toEqual(hither);
      await ends(call, ok);
    });

    test("a common codec passes, whatever else the agent prefers", async () => {
      const call = await ring(3, [0, 8, 101]);
      expect(codecsOf(call.got)).toEqual(["PCMA/8000", "telephone-event/8000"]);
      const ok = await answered(call, reply(call.got, ["PCMA/8000", "telephone-event/8000"]));
      expect(codecsOf(ok)).toEqual(["PCMA/8000", "telephone-event/8000"]);
      await ends(call, ok);
    });

    test("'always' gives each side the first of its own list", async () => {
      const always = await carrier("203.0.113.201");
      const call = await ring(3, [8, 111, 0, 101], always);
      expect(codecsOf(call.got).slice(0, 2)).toEqual([opus, "PCMA/8000"]);
      const ok = await answered(call, reply(call.got, [opus, "telephone-event/48000"]), always);
      expect(codecsOf(ok)).toEqual(["PCMU/8000", "telephone-event/8000"]);
      await ends(call, ok, always);
    });

    test("the next choice is offered its own", async () => {
      const call = await ring(9, [8, 101]);
      expect(codecsOf(call.got)[0]).toBe(opus);
      await say(call.got, "503 Service Unavailable");
      const again = await agent.next(call.callId, "INVITE");
      expect(codecsOf(again)).toEqual(["PCMU/8000", "telephone-event/8000"]);
      const ok = await answered({ ...call, got: again }, reply(again, ["PCMU/8000"]));
      expect(codecsOf(ok)).toEqual(["PCMA/8000"]);
      await ends(call, ok);
    });

    test("an INVITE without an offer gets the codecs of the trunk", async () => {
      const call = await invite(caller, agent, { uri: `sip:${number(2)}@${edgeAt.address}`, body: "" });
      await say(call.got, "200 OK", media(agentHost, [111, 110], 18_000));
      const ok = await caller.next(call.callId, 200);
      expect(codecsOf(ok)).toEqual(all);
      await caller.send(within(caller, call, ok, "ACK", 1, { body: media(carrierHost, [8, 101], 17_000) }));
      expect(codecsOf(await agent.next(call.callId, "ACK"))[0]).toBe(opus);
      await ends(call, ok);
    });

    test("488 where the offer has nothing that the trunk takes, and where nothing is transcoded", async () => {
      const never = await carrier("203.0.113.202");
      for (const [from, types] of [
        [caller, [18, 101]],
        [never, [0, 101]],
      ] as const) {
        const [callId, host] = [unique("call"), from.at.address];
        const uri = `sip:${number(3)}@${edgeAt.address}`;
        await from.send(request({ at: from.at, callId, uri, body: media(host, types, 17_000) }));
        await from.next(callId, 488);
        expect(world.edge.records("refused").at(-1)).toMatchObject({ code: 488, reason: "no_common_codec" });
      }
    });
  });

  test("an offer within the call, from either side, is transcoded as the call was", async () => {
    const call = await ring(2, [0, 101]);
    const ok = await answered(call, reply(call.got, [opus, "telephone-event/48000"]));
    await caller.send(
      within(caller, call, ok, "INVITE", 2, {
        body: media(carrierHost, [18, 8, 0, 101], 17_002, "sendonly"),
      }),
    );
    const hold = await agent.next(call.callId, "INVITE");
    expect(codecsOf(hold)).toEqual([opus, "telephone-event/48000"]);
    await say(hold, "200 OK", reply(hold, [opus, "telephone-event/48000"]));
    expect(codecsOf(await caller.next(call.callId, 200))).toEqual(["PCMU/8000", "telephone-event/8000"]);
    await caller.send(within(caller, call, ok, "ACK", 2));

    await agent.send(back(agent, call, "INVITE", 1, media(agentHost, [111, 110], 18_002)));
    const again = await caller.next(call.callId, "INVITE");
    expect(codecsOf(again)).toEqual(all);
    await ends(call, ok);
  });

  test("digits cross with the clock of each side, and keep their length", async () => {
    const [theirs, ours] = [await world.lab.udp(carrierHost, 17_000), await world.lab.udp(agentHost, 18_000)];
    onTestFinished(() => Promise.all([theirs.close(), ours.close()]).then(() => undefined));
    const call = await ring(2, [0, 101]);
    const ok = await answered(call, reply(call.got, [opus, "telephone-event/48000"]));
    const told = (text: string) => ({
      address: /^c=IN IP4 (\S+)/m.exec(bodyOf(text))?.[1] ?? "",
      port: Number(/^m=audio (\d+)/m.exec(bodyOf(text))?.[1]),
    });
    const type = Number(/rtpmap:(\d+) telephone-event\/48000/.exec(bodyOf(call.got))?.[1]);
    const play = async (from: typeof theirs, to: string, event: Parameters<typeof eventPackets>[0]) => {
      for (const packet of eventPackets(event)) {
        await from.send(packet, told(to));
        await sleep(20);
      }
    };
    await play(theirs, ok, { digit: "7", type: 101, duration: 1600, clock: 8000, from: 100 });
    await expect
      .poll(
        () =>
          eventsIn(
            ours.received.map((d) => d.data),
            [type],
          ),
        { timeout: 3000 },
      )
      .toEqual([{ digit: "7", type, duration: 9600 }]);
    await play(ours, call.got, { digit: "#", type, duration: 9600, clock: 48_000, from: 100 });
    await expect
      .poll(
        () =>
          eventsIn(
            theirs.received.map((d) => d.data),
            [101],
          ),
        { timeout: 3000 },
      )
      .toEqual([{ digit: "#", type: 101, duration: 1600 }]);
    await ends(call, ok);
  });

  test("the script of all these calls has no mistake that Kamailio sees", () => {
    const said = world.edge.kamailio.lines.filter((l) => /(?:ERROR|WARNING|CRITICAL): (?!crew-)/.test(l));
    expect(said.filter((l) => !l.includes("Network is unreachable") && !/send/.test(l))).toEqual([]);
  });
});
