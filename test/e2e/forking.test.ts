/** Several telephones behind one address answer one call: what the caller hears of each, in both directions. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import type { UdpPeer } from "../lab/sockets.ts";
import { type Half, half, type Invited, invite, within } from "../targets/kamailio/calls.ts";
import { response, sdp, statusOf } from "./kit/message.ts";
import { flows } from "./kit/rtp.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const carrierAt = "203.0.113.50";
const agentAt = "10.0.4.10";

const tags = ["left", "right"] as const;
type Tag = (typeof tags)[number];
const port: Readonly<Record<Tag, number>> = { left: 18_000, right: 18_100 };

describe.each(["6.1", "6.0", "5.6"] as const)("engine line %s", (engine) => {
  /** The relays of the older lines keep the port that the second telephone sends to for the first one's media. */
  const hearsBoth = engine === "6.1";
  let lab: Lab;
  let edge: Edge;
  let carrier: Half;
  let agent: Half;
  /** By the tag of a telephone; the caller's is `caller`. */
  const media: Record<string, Record<string, UdpPeer>> = {};

  beforeAll(async () => {
    lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, carrierAt, agentAt] });
    edge = await startEdge(lab, {
      engine,
      network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "acme",
          agents: { sarah: { uri: `sip:${agentAt}:5080` } },
          limits: { calls: 20, inbound: { calls: 20 } },
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [carrierAt] },
            inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "sarah" }],
            outbound: {
              uri: `sip:${carrierAt}:5060`,
              auth: { username: "acme", password: { secret: "P" } },
              allowed_destinations: ["+1"],
            },
          },
        },
      ],
    });
    carrier = await half(lab, carrierAt, 5060, edgeAt);
    agent = await half(lab, agentAt, 5080, agentsSide);
    for (const address of [carrierAt, agentAt])
      media[address] = {
        caller: await lab.udp(address, 17_000),
        left: await lab.udp(address, 18_000),
        right: await lab.udp(address, 18_100),
      };
  }, 600_000);
  afterAll(async () => {
    await edge?.stop();
    await lab?.close();
  });

  describe.each([
    ["a call to an agent", () => ({ from: carrier, to: agent, uri: `sip:+14155551111@${edgeAt.address}` })],
    [
      "a call of an agent",
      () => ({ from: agent, to: carrier, uri: `sip:+14155550123@${agentsSide.address}:5080` }),
    ],
  ] as const)("%s", (_, parties) => {
    const ring = (headers: readonly string[] = []): Promise<Invited> => {
      const { from, to, uri } = parties();
      return invite(from, to, { uri, headers });
    };
    const say = (to: string, tag: Tag, status: string, body = "", headers: readonly string[] = []) => {
      const { to: callee } = parties();
      const contact = `sip:${tag}@${callee.at.address}:${callee.at.port}`;
      return callee.send(response(to, status, { toTag: tag, contact, body, headers }));
    };
    const answer = (tag: Tag): string => sdp(parties().to.at.address, port[tag]);
    const tagOf = (text: string): string => /;tag=(\w+)/.exec(headerValues(text, "To")[0] ?? "")?.[1] ?? "";
    const reached = (text: string): string => /sip:(\w+)@/.exec(text.split(" ")[1] ?? "")?.[1] ?? "";

    /** Whether the caller and a telephone hear each other. */
    async function talk(call: Invited, toCaller: string, tag: Tag): Promise<readonly boolean[]> {
      const { from, to } = parties();
      const caller = media[from.at.address]?.caller as UdpPeer;
      const telephone = media[to.at.address]?.[tag] as UdpPeer;
      return [await flows(caller, toCaller, telephone), await flows(telephone, call.got, caller)];
    }

    async function takes(call: Invited, tag: Tag, body = answer(tag)): Promise<string> {
      const { from, to } = parties();
      await say(call.got, tag, "200 OK", body);
      const ok = await from.next(call.callId, 200);
      expect(tagOf(ok)).toBe(tag);
      await from.send(within(from, call, ok, "ACK", 1));
      const ack = await to.next(idThere(call), "ACK");
      expect([reached(ack), tagOf(ack)]).toEqual([tag, tag]);
      return ok;
    }
    const idThere = (call: Invited): string => headerValues(call.got, "Call-ID")[0] ?? "";

    /** One record of the answer, one of the end, and no place taken any more. */
    async function isOver(call: Invited): Promise<void> {
      const of = (event: string) => edge.records(event).filter((r) => r.call === idThere(call));
      await expect.poll(() => [of("answered").length, of("ended").length], soon).toEqual([1, 1]);
      const socket = `unix:${edge.folder}/private/ctl.sock`;
      const { output } = await lab.exec(
        edge.runtime.command("kamcmd", ["-s", socket, "htable.dump", "count"]),
      );
      expect(output).not.toMatch(/name: acme[\s\S]*?value: -?[1-9]/);
    }

    async function ends(call: Invited, ok: string, cseq: number): Promise<void> {
      const { from, to } = parties();
      await from.send(within(from, call, ok, "BYE", cseq));
      const bye = await to.next(idThere(call), "BYE");
      expect([reached(bye), tagOf(bye)]).toEqual([tagOf(ok), tagOf(ok)]);
      await say(bye, tagOf(ok) as Tag, "200 OK");
      expect(statusOf(await from.next(call.callId, 200))).toBe(200);
    }

    test("both telephones are lifted at once: the caller ends the second one, and talks to the first", async () => {
      shows("behaviour/16-forking");
      const call = await ring();
      const { from } = parties();
      for (const tag of tags) {
        await say(call.got, tag, "180 Ringing");
        expect(tagOf(await from.next(call.callId, 180))).toBe(tag);
      }
      const first = await takes(call, "left");
      const second = await takes(call, "right");
      await ends(call, second, 2);
      expect(await talk(call, first, "left")).toEqual([true, true]);
      await ends(call, first, 3);
      await isOver(call);
    });

    test("the caller ends the first one: nothing is left of the call", async () => {
      const call = await ring();
      const first = await takes(call, "left");
      const second = await takes(call, "right");
      await ends(call, first, 2);
      await ends(call, second, 3);
      await isOver(call);
    });

    test("the answer is lost, and comes again", async () => {
      shows("behaviour/16-forking");
      const { from } = parties();
      const call = await ring();
      for (let n = 0; n < 2; n++) {
        await say(call.got, "left", "200 OK", answer("left"));
        await from.next(call.callId, 200);
      }
      const ok = await takes(call, "left");
      expect(await talk(call, ok, "left")).toEqual([true, true]);
      await ends(call, ok, 2);
      await isOver(call);
    });

    if (hearsBoth) {
      test("both are heard while they ring, and the second one is lifted", async () => {
        shows("behaviour/16-forking");
        const { from } = parties();
        const call = await ring();
        for (const tag of tags) {
          await say(call.got, tag, "183 Session Progress", answer(tag));
          const progress = await from.next(call.callId, 183);
          expect(tagOf(progress)).toBe(tag);
          expect(await talk(call, progress, tag)).toEqual([true, true]);
        }
        const ok = await takes(call, "right");
        expect(await talk(call, ok, "right")).toEqual([true, true]);
        await ends(call, ok, 2);
        await isOver(call);
      });

      test("both ring reliably: each gets its PRACK", async () => {
        shows("behaviour/15-prack-update");
        const { from, to } = parties();
        const call = await ring(["Supported: 100rel"]);
        let early = "";
        for (const [i, tag] of tags.entries()) {
          await say(call.got, tag, "183 Session Progress", answer(tag), [
            "Require: 100rel",
            `RSeq: ${i + 7}`,
          ]);
          const progress = await from.next(call.callId, 183);
          const rack = { headers: [`RAck: ${i + 7} 1 INVITE`] };
          await from.send(within(from, call, progress, "PRACK", 2 + i, rack));
          const prack = await to.next(idThere(call), "PRACK");
          expect([reached(prack), tagOf(prack)]).toEqual([tag, tag]);
          expect(headerValues(prack, "RAck")).toEqual([`${i + 7} 1 INVITE`]);
          await say(prack, tag, "200 OK");
          expect(tagOf(await from.next(call.callId, 200))).toBe(tag);
          early = progress;
        }
        const ok = await takes(call, "right", "");
        expect(await talk(call, early, "right")).toEqual([true, true]);
        await ends(call, ok, 4);
        await isOver(call);
      });
    }
  });
});
