/** PBXs that register, on every engine line: contacts of before, the way to them kept open, and what a generation that makes room does. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stopRegistering } from "../../src/deploy/registrations.ts";
import { targets } from "../../src/targets/registry.ts";
import { callRpc } from "../../src/verify/binrpc.ts";
import { startEdge } from "../lab/edge.ts";
import { withLab } from "../lab/netns.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { authorization, challengeOf, ha1Of } from "./kit/digest.ts";
import { methodOf, statusOf, unique, uriOf } from "./kit/message.ts";
import { type Account, registered } from "./kit/registering.ts";
import { sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const agentAt = "10.0.4.10";
const natAt = "192.0.2.77";
const office: Account = { username: "office-7", password: "secret", domain: edgeAt.address };

/** Contacts are asked every second. */
const hasty = targets.map((target) => ({
  ...target,
  build: (...[model]: Parameters<typeof target.build>) => {
    const built = target.build(model);
    const change = (text: string): string =>
      text.replace("name=contacts;interval=20", "name=contacts;interval=1");
    return { ...built, artifacts: built.artifacts.map((a) => ({ ...a, text: change(a.text) })) };
  },
}));

const config = (engine: string) => ({
  engine,
  network: {
    public_ip: edgeAt.address,
    agents: { address: agentsSide.address, ...(engine === "5.6" ? { tcp: false } : {}) },
    rtp: [30000, 30999],
  },
  trunks: [
    {
      crew_id: "office",
      agents: { agent_sarah: { uri: `sip:${agentAt}:5080` } },
      // Older lines learn no media addresses (CREW4201).
      sip: {
        auth: { type: "digest", username: office.username, password: { secret: "P" } },
        nat: engine === "6.1",
      },
    },
  ],
});

describe.each(["6.1", "6.0", "5.6"] as const)("engine line %s", (engine) => {
  test("calls contacts of before, takes new ones, and keeps the way to them open", async () => {
    await withLab({ addresses: [edgeAt.address, agentsSide.address, agentAt, natAt] }, async (lab) => {
      const in100s = Math.floor(Date.now() / 1000) + 100;
      const before = `${in100s}^sip:${natAt}:41000;transport=udp^sip:a$x@192.168.1.10;line=~'1^0123456789abcdef^7`;
      const edge = await startEdge(lab, config(engine), {
        targets: hasty,
        contacts: [{ trunk: "office", value: `1700000000.5 ${before}` }],
        digests: [
          {
            trunk: "office",
            username: office.username,
            realm: "crew",
            ha1: ha1Of(office.username, "crew", office.password),
          },
        ],
      });
      const agent = await sipServer(lab, agentAt, 5080, accepts());
      const pbx = await sipServer(lab, natAt, 41_000, accepts());
      const dial = async (user: string): Promise<number> => {
        const uri = `sip:${user}@${agentsSide.address}:5080`;
        const invite = agent.make({ uri, callId: unique("out") });
        const answer = await agent.ask(invite, 5000, agentsSide);
        const dialog = dialogOf(invite, answer);
        await agent.send(within(agent, dialog, "ACK"), agentsSide);
        await agent.ask(within(agent, dialog, "BYE"), 3000, agentsSide);
        return statusOf(answer);
      };
      expect(await dial("200")).toBe(200);
      expect(uriOf(await pbx.request("INVITE"))).toBe("sip:200@192.168.1.10;line=~'1");
      expect(await dial("office")).toBe(200);
      expect(uriOf(await pbx.request("INVITE", 1))).toBe("sip:a$x@192.168.1.10;line=~'1");
      const asked = await pbx.request("OPTIONS", 1, 5000);
      expect(uriOf(asked)).toBe("sip:a$x@192.168.1.10;line=~'1");
      // From the very socket that it registered at: NAT knows no other.
      const [packet] = pbx.peer.received.filter((d) => methodOf(d.text) === "OPTIONS");
      expect(packet).toMatchObject(edgeAt);

      const long = (n: number) => `<sip:office@192.168.1.${n};x=${"y".repeat(160)}>`;
      for (const n of [11, 12, 13, 14, 15]) {
        const { answer } = await registered(pbx, edgeAt, office, { contact: long(n), expires: 300 });
        expect(statusOf(answer)).toBe(200);
      }
      // The longest row that there can be, as the guard reads it.
      const socket = join(edge.folder, "private/ctl.sock");
      const row = JSON.stringify(await callRpc(socket, "htable.get", ["binding", "office"]));
      expect(row.match(/192\.168\.1\.1[1-5];x=y{160}\^/g)).toHaveLength(5);
      expect(await dial("201")).toBe(200);
      expect(uriOf(pbx.requests("INVITE").at(-1) ?? "")).toContain("sip:201@192.168.1.15;");

      await stopRegistering(socket);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const sent = pbx.requests("OPTIONS").length;
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect(pbx.requests("OPTIONS")).toHaveLength(sent);
      // What it is sent over UDP came to its own socket: it answers.
      expect(statusOf((await registered(pbx, edgeAt, office)).answer)).toBe(200);
      const own = edge.kamailio.lines.filter((l) => /ERROR: (?!crew-)/.test(l));
      expect(own).toEqual([]);
      for (const server of [agent, pbx]) await server.close();
      await edge.stop();
    });
  }, 90_000);
});

test("a connection is what its contact is called over; the generation that made room closes it", async () => {
  await withLab({ addresses: [edgeAt.address, agentsSide.address, agentAt, natAt] }, async (lab) => {
    const ha1 = ha1Of(office.username, "crew", office.password);
    const edge = await startEdge(lab, config("6.1"), {
      digests: [{ trunk: "office", username: office.username, realm: "crew", ha1 }],
    });
    const agent = await sipServer(lab, agentAt, 5080, accepts());
    const pbx = await lab.tcp(edgeAt, { address: natAt });
    const register = (cseq: number, line = ""): string =>
      [
        `REGISTER sip:${edgeAt.address} SIP/2.0`,
        `Via: SIP/2.0/TCP 192.168.1.10:5060;branch=z9hG4bK${unique()}`,
        `From: <sip:office-7@${edgeAt.address}>;tag=tcp`,
        `To: <sip:office-7@${edgeAt.address}>`,
        "Call-ID: tcp-1",
        `CSeq: ${cseq} REGISTER`,
        "Contact: <sip:office@192.168.1.10:5060;transport=tcp>",
        "Expires: 300",
        "Max-Forwards: 70",
        ...(line === "" ? [] : [line]),
        "Content-Length: 0",
        "",
        "",
      ].join("\r\n");
    const answerTo = (text: string): string =>
      authorization(challengeOf(text), { ...office, method: "REGISTER", uri: `sip:${edgeAt.address}` });
    await pbx.send(register(1));
    await pbx.expect(/SIP\/2\.0 401 [\s\S]*\r\n\r\n/, 3000);
    await pbx.send(register(2, answerTo(pbx.text)));
    await pbx.expect(
      /SIP\/2\.0 200 [\s\S]*Contact: <sip:office@192\.168\.1\.10:5060;transport=tcp>;expires=/,
      3000,
    );
    const uri = `sip:200@${agentsSide.address}:5080`;
    const call = agent.ask(agent.make({ uri, callId: unique("out") }), 8000, agentsSide);
    await pbx.expect(/INVITE sip:200@192\.168\.1\.10:5060;transport=tcp SIP\/2\.0/, 3000);
    await pbx.close();
    // With the connection the PBX is gone.
    expect(statusOf(await call)).toBeGreaterThanOrEqual(400);

    const again = await lab.tcp(edgeAt, { address: natAt });
    await stopRegistering(join(edge.folder, "private/ctl.sock"));
    await again.send(register(3));
    await again.expect(/SIP\/2\.0 401 [\s\S]*\r\n\r\n/, 3000);
    await again.send(register(4, answerTo(again.text)));
    await expect.poll(() => again.ended, { timeout: 3000 }).toBe(true);
    expect(again.text).not.toContain("SIP/2.0 200");
    await agent.close();
    await edge.stop();
  });
}, 60_000);
