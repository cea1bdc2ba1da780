import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { type SippOptions, sippAgent, sippCall } from "../../src/phone/sipp.ts";
import type { Callee } from "../../src/phone/sipp-callee.ts";
import { type Caller, caller } from "../../src/phone/sipp-caller.ts";
import { type MixPart, mix } from "./mix.ts";
import { type Lab, openLab, type Place } from "./netns.ts";

const carrier = "203.0.113.10";
const agent = "10.0.4.10";
const proxy = "198.51.100.7";
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let lab: Lab;
let callers: Place;
let agents: Place;
beforeAll(async () => {
  lab = await openLab({ addresses: [proxy] });
  callers = await lab.host(carrier);
  agents = await lab.host(agent);
}, 300_000);
afterAll(() => lab.close());

/** A SIPp on the host of its address. */
const as = (name: string, address: string): SippOptions => ({
  launcher: address === agent ? agents : callers,
  tools: lab.tools,
  dir: join(lab.dir, "sipp"),
  name,
  address,
});

/** One SIPp call with nothing between the two ends. */
async function direct(callerIs: Partial<Caller>, calleeIs: Callee | string, more: Partial<SippOptions> = {}) {
  const uas = await sippAgent({ ...as("callee", agent), ...more, port: 5080 }, calleeIs);
  const uac = {
    ...as("caller", carrier),
    receiveMs: 3000,
    ...more,
    remote: `${agent}:5080`,
    rtpPort: 18000,
  };
  const result = await sippCall(uac, caller({ to: "+14155551111", talkMs: 50, ...callerIs }));
  const seen = { ...result, calleeEvents: uas.events(), calleeMessages: uas.messages() };
  await uas.stop();
  return seen;
}

describe("SIPp to SIPp", () => {
  test.each<[string, Partial<Caller>, Callee, number]>([
    ["answers at once", {}, {}, 200],
    ["answers after ringing", {}, { ringMs: 100 }, 200],
    ["answers after early media", {}, { ringMs: 100, ringing: 183 }, 200],
    ["answers after a reliable 183", { prack: true }, { ringMs: 100, reliable: true }, 200],
    ["answers a call without an offer", { sdp: "none" }, {}, 200],
    ["hangs up itself", { end: "callee" }, { byeAfterMs: 100 }, 200],
    ["is busy", {}, { answer: 486 }, 486],
    ["rings and declines", {}, { ringMs: 100, answer: 603 }, 603],
    ["is cancelled", { cancelAfterMs: 50 }, { ringMs: 3000 }, 487],
  ])("the callee %s", async (_, callerIs, calleeIs, code) => {
    const { ok, failed, codes, errors } = await direct(callerIs, calleeIs);
    expect({ ok, failed, codes, errors }).toEqual({ ok: 1, failed: 0, codes: { [code]: 1 }, errors: "" });
  });

  test("TCP carries a call", async () => {
    const { ok, messages } = await direct({}, { ringMs: 50 }, { transport: "tcp" });
    expect(ok).toBe(1);
    expect(messages[0]?.text).toContain("Via: SIP/2.0/TCP 203.0.113.10:5060");
  });

  test("a callee that never answers fails the call", async () => {
    const { ok, failed, errors } = await direct({}, { answer: "none" }, { receiveMs: 400 });
    expect({ ok, failed }).toEqual({ ok: 0, failed: 1 });
    expect(errors).toContain("timeout");
  });

  test("a caller that wants a ringing call to cancel fails where the call is answered", async () => {
    expect(await direct({ cancelAfterMs: 50 }, {}, { receiveMs: 400 })).toMatchObject({ ok: 0, failed: 1 });
  });

  test("many calls at a rate are counted by code, with the time to the answer", async () => {
    const uas = await sippAgent({ ...as("many", agent), port: 5081, trace: false }, { ringMs: 100 });
    const to = {
      ...as("load", carrier),
      port: 5062,
      remote: `${agent}:5081`,
      rtpPort: 18000,
      trace: false,
    };
    const result = await sippCall({ ...to, calls: 40, rate: 40 }, caller({ to: "1", talkMs: 200 }));
    await uas.stop();
    expect(result).toMatchObject({ ok: 40, failed: 0, codes: { 200: 40 }, retransmissions: 0 });
    expect(result.answerMs).toHaveLength(40);
    expect(Math.min(...result.answerMs)).toBeGreaterThanOrEqual(99);
  });

  test("a mix of calls is summed up, and what went otherwise is told", async () => {
    const behaviours = [{}, { ringMs: 300 }, { answer: 486 }, { ringMs: 20_000 }];
    const uas = await Promise.all(
      behaviours.map((b, i) =>
        sippAgent({ ...as(`mix-${i}`, agent), port: 5100 + i, rtpPort: 40000 + i * 1000, trace: false }, b),
      ),
    );
    const part = (name: string, port: number, more: object = {}): MixPart => ({
      ...{ name, calls: 10, rate: 20, ...more },
      caller: {
        to: "1",
        host: `${agent}:${port}`,
        talkMs: 100,
        ...(name === "cancel" ? { cancelAfterMs: 50 } : {}),
      },
    });
    // Direct calls have one destination each, where an edge would choose: so four mixes of one part.
    const runs = await Promise.all([
      mix(lab, carrier, `${agent}:5100`, [part("plain", 5100)]),
      mix(lab, "203.0.113.11", `${agent}:5101`, [part("rings", 5101), part("rings too", 5101)]),
      mix(lab, "203.0.113.12", `${agent}:5102`, [part("busy", 5102, { code: 486 })]),
      mix(lab, "203.0.113.13", `${agent}:5103`, [part("cancel", 5103)]),
    ]);
    expect(runs.flatMap((r) => r.problems)).toEqual([]);
    expect(runs.map((r) => [r.calls, r.asWanted])).toEqual([
      [10, 10],
      [20, 20],
      [10, 10],
      [10, 10],
    ]);
    const wrong = await mix(lab, carrier, `${agent}:5102`, [part("answered", 5102)]);
    expect(wrong).toMatchObject({
      calls: 10,
      asWanted: 0,
      problems: [expect.stringContaining("answered: 0 of 10 with 200")],
    });
    await Promise.all(uas.map((u) => u.stop()));
  }, 20_000);

  test("answers to a digest challenge with the right password", async () => {
    const uas = await agents.udp(agent, 5083);
    const credentials = { username: "acme", password: "s3cret" };
    const to = { ...as("digest", carrier), port: 5063, remote: `${agent}:5083`, receiveMs: 3000 };
    const call = sippCall(to, caller({ to: "1", auth: credentials }));
    const reply = (request: string, status: string, extra = ""): string => {
      const copied = request.match(/^(Via|From|Call-ID|CSeq): .*\r\n/gm)?.join("") ?? "";
      const to = /^To: .*$/m.exec(request)?.[0].trim() ?? "";
      return `SIP/2.0 ${status}\r\n${copied}${to}${to.includes("tag=") ? "" : ";tag=z"}\r\n${extra}Content-Length: 0\r\n\r\n`;
    };
    const first = await uas.receive(2000);
    const challenge = 'Proxy-Authenticate: Digest realm="lab", nonce="abc", qop="auth", algorithm=MD5\r\n';
    await uas.send(reply(first.text, "407 Proxy Authentication Required", challenge), first);
    const second = await uas.receive(2000, (d) => d.text.includes("CSeq: 2 INVITE"));
    expect(second.text).toMatch(/Proxy-Authorization: Digest .*username="acme",realm="lab"/);
    await uas.send(reply(second.text, "403 Forbidden"), second);
    await uas.receive(2000, (d) => d.text.startsWith("ACK") && d.text.includes("CSeq: 2 ACK"));
    expect(await call).toMatchObject({ ok: 1, codes: { 403: 1 } });
    await uas.close();
  });
});

describe("SIPp behind a proxy, played by hand", () => {
  const routes = [
    "Record-Route: <sip:198.51.100.7:5060;lr;side=a>",
    "Record-Route: <sip:198.51.100.8:5060;lr>",
  ];
  const vias = [
    "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1",
    `Via: SIP/2.0/UDP ${carrier}:5099;branch=z9hG4bK0`,
  ];
  const message = (start: string, cseq: string, headers: readonly string[], toTag = ""): string =>
    `${[start, ...headers, "From: <sip:a@x>;tag=1", `To: <sip:b@y>${toTag}`, "Call-ID: hand-1", `CSeq: ${cseq}`].join("\r\n")}\r\nContact: <sip:a@198.51.100.7:5098>\r\nContent-Length: 0\r\n\r\n`;

  test("the callee sends every Via and Record-Route back, and its BYE along the route", async () => {
    const uas = await sippAgent({ ...as("routed", agent), port: 5084 }, { ringMs: 50, byeAfterMs: 50 });
    const peer = await lab.udp(proxy, 5060);
    const to = { address: agent, port: 5084 };
    await peer.send(message("INVITE sip:b@y SIP/2.0", "1 INVITE", [...vias, ...routes]), to);
    for (const status of ["SIP/2.0 180", "SIP/2.0 200"]) {
      const { text } = await peer.receive(2000, (d) => d.text.startsWith(status));
      expect(text.split("\r\n").filter((l) => /^(Via|Record-Route):/.test(l))).toEqual([...vias, ...routes]);
    }
    await peer.send(message("ACK sip:b@y SIP/2.0", "1 ACK", vias.slice(0, 1), ";tag=t"), to);
    const bye = await peer.receive(2000, (d) => d.text.startsWith("BYE"));
    expect(bye.text).toMatch(/^BYE sip:a@198\.51\.100\.7:5098 /);
    expect(bye.text.match(/<[^>]*;lr[^>]*>/g)).toEqual([
      "<sip:198.51.100.7:5060;lr;side=a>",
      "<sip:198.51.100.8:5060;lr>",
    ]);
    expect(bye.text).toMatch(/^From: <sip:b@y>;tag=/m);
    await uas.stop();
    await peer.close();
  });

  test("a cancelled callee answers the CANCEL with its Via and the INVITE with all of them", async () => {
    const uas = await sippAgent({ ...as("cancelled", agent), port: 5085 }, { ringMs: 3000 });
    const peer = await lab.udp(proxy, 5060);
    const to = { address: agent, port: 5085 };
    await peer.send(message("INVITE sip:b@y SIP/2.0", "1 INVITE", [...vias, ...routes]), to);
    await peer.receive(2000, (d) => d.text.startsWith("SIP/2.0 180"));
    await peer.send(message("CANCEL sip:b@y SIP/2.0", "1 CANCEL", vias.slice(0, 1)), to);
    const ok = await peer.receive(2000, (d) => /CSeq: 1 CANCEL/.test(d.text));
    expect(ok.text.match(/^Via: .*$/gm)).toHaveLength(1);
    const gone = await peer.receive(2000, (d) => d.text.startsWith("SIP/2.0 487"));
    expect(gone.text).toMatch(/CSeq: 1 INVITE/);
    expect(gone.text.match(/^Via: .*$/gm)).toHaveLength(2);
    await uas.stop();
    await peer.close();
  });

  test("the caller takes a 180 that comes after the 200", async () => {
    const peer = await agents.udp(agent, 5086);
    const to = { ...as("late", carrier), port: 5064, remote: `${agent}:5086`, receiveMs: 3000 };
    const call = sippCall(to, caller({ to: "1", talkMs: 100 }));
    const reply = (request: string, status: string): string => {
      const copied = request.match(/^(Via|From|Call-ID|CSeq): .*\r\n/gm)?.join("") ?? "";
      return `SIP/2.0 ${status}\r\n${copied}To: <sip:1@x>;tag=z\r\nContact: <sip:${agent}:5086>\r\nContent-Length: 0\r\n\r\n`;
    };
    const invite = await peer.receive(2000);
    await peer.send(reply(invite.text, "200 OK"), invite);
    await peer.send(reply(invite.text, "180 Ringing"), invite);
    const bye = await peer.receive(2000, (d) => d.text.startsWith("BYE"));
    await peer.send(reply(bye.text, "200 OK"), bye);
    expect(await call).toMatchObject({ ok: 1, failed: 0, errors: "" });
    await peer.close();
  });
});

describe("baresip", () => {
  const phones: Phone[] = [];
  const start = async (
    o: Partial<Parameters<typeof phone>[0]> & { name: string; address: string },
  ): Promise<Phone> => {
    const p = await phone({
      launcher: o.address === agent ? agents : callers,
      tools: lab.tools,
      dir: join(lab.dir, o.name),
      ...o,
    });
    phones.push(p);
    return p;
  };
  afterAll(async () => {
    for (const p of phones) await p.stop();
  });

  test("hears its own tone from an echoing SIPp, and nothing from one that does not echo", async () => {
    const caller = await start({ name: "phone", address: carrier, port: 5070, playHz: 700 });
    for (const echo of [true, false]) {
      const port = echo ? 5087 : 5088;
      const uas = await sippAgent({ ...as(`echo-${echo}`, agent), port, echo });
      expect(await caller.dial(`sip:1@${agent}:${port}`)).toMatchObject({ answered: true, code: 200 });
      await sleep(900);
      expect(caller.heard(700).heard).toBe(echo);
      expect(caller.heard(1100).heard).toBe(false);
      caller.hangUp();
      await caller.ended(2000);
      await uas.stop();
    }
  });

  test("talks to another baresip both ways, is refused, gives up", async () => {
    const a = await start({ name: "a", address: carrier, port: 5072, playHz: 700 });
    const b = await start({ name: "b", address: agent, port: 5092, playHz: 1100, answer: "manual" });
    const uri = `sip:1@${agent}:5092`;
    const call = a.dial(uri);
    await b.incoming(2000);
    await b.accept();
    expect(await call).toMatchObject({ answered: true, rang: true });
    await sleep(900);
    expect([a.heard(1100).heard, a.heard(700).heard]).toEqual([true, false]);
    expect([b.heard(700).heard, b.heard(1100).heard]).toEqual([true, false]);
    b.hangUp();
    await a.ended(2000);
    const refused = a.dial(uri);
    await b.incoming(2000);
    b.hangUp();
    expect(await refused).toMatchObject({ answered: false, code: 486, rang: true });
    expect(a.heard(1100).ms).toBe(0);
    expect(await a.dial(uri, 300)).toMatchObject({ answered: false, rang: true });
    await b.running.waitFor(/session closed|CANCEL/, 2000);
  });
});
