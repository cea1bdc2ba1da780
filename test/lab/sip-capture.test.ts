import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { accepts } from "../e2e/kit/behaviours.ts";
import { request, unique } from "../e2e/kit/message.ts";
import { party } from "../e2e/kit/party.ts";
import { sipServer } from "../e2e/kit/server.ts";
import { capture } from "./capture.ts";
import { labEngine } from "./edge.ts";
import { leaks } from "./leaks.ts";
import { type Lab, openLab } from "./netns.ts";
import { startAgent, startCaller } from "./peers.ts";
import { sipMessages } from "./sip-capture.ts";

const callerAt = "10.0.4.1";
const agentAt = "10.0.4.10";

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
}, 300_000);
afterAll(() => lab.close());

describe("the SIP messages of a capture", () => {
  test.each([
    ["udp", "5080", ""],
    ["tcp", "5082", ";transport=tcp"],
  ] as const)(
    "are all there over %s, with their marking",
    async (transport, port, parameter) => {
      const agent = await startAgent(lab, { via: "sipp", at: `${agentAt}:${port}`, transport });
      onTestFinished(() => agent.stop());
      const wire = await capture(lab, `port ${port}`, await lab.host(callerAt));
      const to = `sip:+14155551111@${agentAt}:${port}${parameter}`;
      const caller = await startCaller(lab, { via: "asterisk", from: callerAt, to });
      onTestFinished(() => caller.stop());
      expect(await caller.call({ talkMs: 300, headers: { "X-Note": "a, b" } })).toMatchObject({
        answered: true,
      });
      const messages = sipMessages(await wire.stop());
      expect(messages.map((m) => m.startLine.replace(/ sip:.*/, ""))).toEqual([
        "INVITE",
        "SIP/2.0 200 OK",
        "ACK",
        "BYE",
        "SIP/2.0 200 OK",
      ]);
      for (const m of messages) expect([m.transport, m.dscp]).toEqual([transport, [0]]);
      const [invite] = messages;
      expect(invite?.headers).toContainEqual({ name: "X-Note", value: "a, b" });
      expect(invite?.headers.at(-1)?.name).toBe("Content-Length");
      expect(invite?.body).toMatch(/^v=0\r\n[\s\S]*m=audio/);
      expect([invite?.from.split(":")[0], invite?.to]).toEqual([callerAt, `${agentAt}:${port}`]);
      expect(messages[1]?.to).toBe(invite?.from);
    },
    20_000,
  );

  test("show the marking that a sender gives them", async () => {
    const s = await sipServer(await lab.host(agentAt), agentAt, 5084, accepts());
    onTestFinished(() => s.close());
    const host = await lab.host(callerAt);
    const nft = (await labEngine()).command("nft", [
      "table ip marking { chain out { type filter hook output priority mangle; udp dport 5084 ip dscp set cs3; }; }",
    ]);
    expect(await host.exec(nft)).toEqual({ code: 0, output: "" });
    const wire = await capture(lab, "udp port 5084", await lab.host(agentAt));
    const client = await party(host, callerAt, 5085, s.at);
    await client.ask(client.make({ method: "OPTIONS" }));
    expect(sipMessages(await wire.stop()).map((m) => m.dscp)).toEqual([[24], [0]]);
  });

  test("are told apart in one TCP stream, cut anywhere, with keep-alives between", async () => {
    const host = await lab.host(callerAt);
    const other = await lab.host(agentAt);
    const listener = await other.listen(agentAt, 5086);
    const wire = await capture(lab, "tcp port 5086", other);
    const connection = await host.tcp({ address: agentAt, port: 5086 }, { address: callerAt });
    const at = { address: callerAt, port: connection.port };
    const long = `X-Long: ${"é".repeat(1500)}`;
    const sent = [1, 2, 3].map((cseq) =>
      request({ at, transport: "TCP", cseq, callId: unique("call"), headers: [long] }),
    );
    const all = Buffer.from(`\r\n\r\n${sent.join("\r\n\r\n")}`);
    for (let i = 0; i < all.length; i += 999) await connection.send(all.subarray(i, i + 999));
    const peer = await listener.accept(2000);
    await expect.poll(() => peer.text.length).toBe(all.length);
    const messages = sipMessages(await wire.stop());
    expect(messages.map((m) => m.text)).toEqual(sent);
  });
});

describe("leaks", () => {
  const text = [
    "INVITE sip:+14155551111@203.0.113.10 SIP/2.0",
    "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK10.0.4.100",
    "Record-Route: <sip:198.51.100.7;lr;",
    " via=10%2E0%2e4.10>",
    "Contact: <sip:AGENT_sarah@sip.inside.example.com>",
    "Call-ID: MTAuMC40LjEw@x",
    "X-Six: <sip:[2001:db8:0:0:0:0:0:1]>",
    "Content-Length: 3",
    "",
    "v=0",
    "c=IN IP4 10.0.4.10",
    "a=x:31302e302e342e3130",
    "",
  ].join("\r\n");
  const found = (needle: string): unknown[] =>
    leaks([{ text: "SIP/2.0 200 OK\r\n\r\n" }, { text }], [needle]).map((l) => [
      l.message,
      l.where,
      l.line.split(/[:=]/)[0],
      l.as,
    ]);

  test("are found in any part of a message, in any disguise", () => {
    expect(found("10.0.4.10")).toEqual([
      [1, "header", "Record-Route", "percent-encoded"],
      [1, "header", "Call-ID", "base64"],
      [1, "body", "c", undefined],
      [1, "body", "a", "hexadecimal"],
    ]);
    expect(found("203.0.113.10")).toEqual([[1, "start line", "INVITE sip", undefined]]);
    expect(found("inside.example.com")).toEqual([[1, "header", "Contact", undefined]]);
    expect(found("agent_sarah")).toEqual([[1, "header", "Contact", undefined]]);
    expect(found("14155551111")).toEqual([[1, "start line", "INVITE sip", undefined]]);
    expect(found("2001:db8::1")).toEqual([[1, "header", "X-Six", "another form of the address"]]);
  });

  test("are not what only looks so", () => {
    for (const needle of ["10.0.4.1", "0.0.4.10", "sarah", "side.example", "4155551111", "2001:db8::2", "ip"])
      expect([needle, found(needle)]).toEqual([needle, []]);
    expect(leaks([{ text }], [])).toEqual([]);
  });

  test.each([0, 1, 2])("in base64 are found behind %i other octets", (shift) => {
    const coded = Buffer.from(`${"z".repeat(shift)}sip:agent@10.0.4.10;lr`).toString("base64url");
    expect(leaks([{ text: `A b SIP/2.0\r\nVia: ${coded}\r\n\r\n` }], ["10.0.4.10"])).toHaveLength(1);
    expect(leaks([{ text: `A b SIP/2.0\r\nVia: ${coded}\r\n\r\n` }], ["10.0.4.77"])).toEqual([]);
  });
});
