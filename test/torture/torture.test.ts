/** The torture messages of RFC 4475 and RFC 5118 against a booted edge: nothing breaks, nothing invalid reaches an agent. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bracketed } from "../../src/core/host.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import type { UdpPeer } from "../lab/sockets.ts";
import { type TortureMessage, tortureMessages } from "./messages.ts";

/** The edge is who the messages are for: example.com, and 2001:db8::10 in RFC 5118. Every call goes to the one agent. */
const config = {
  name: "torture",
  network: {
    hostname: "example.com",
    public_ip: { v4: "198.51.100.7", v6: "2001:db8::10" },
    agents: { address: "10.0.4.1" },
  },
  trunks: [
    {
      crew_id: "acme",
      agents: { sink: { uri: "sip:10.0.4.10:5080" } },
      sip: {
        auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10", "2001:db8:a::10"] },
        inbound_routes: [{ match: {}, agent_id: "sink" }],
        codecs: [{ name: "PCMU", priority: 1 }],
      },
    },
  ],
};

const sides = {
  "4475": { from: "203.0.113.10", to: { address: "198.51.100.7", port: 5060 } },
  "5118": { from: "2001:db8:a::10", to: { address: "2001:db8::10", port: 5060 } },
} as const;

interface Observation {
  readonly message: TortureMessage;
  /** Status of the final answer, else of the last one, else `silence`. */
  readonly answer: string;
  /** Method of what then came to the agent; its own OPTIONS are none. */
  readonly reached: string;
  /** Milliseconds until the control OPTIONS was answered; `undefined` for none in a second. */
  readonly control: number | undefined;
}

/** An agent that is busy: it answers at once, so that a call that gets through shows as 486. */
async function busyAgent(lab: Lab): Promise<UdpPeer> {
  const agent = await lab.udp("10.0.4.10", 5080);
  const answered = new Set<unknown>();
  const timer = setInterval(() => {
    for (const datagram of agent.received) {
      if (answered.has(datagram)) continue;
      answered.add(datagram);
      const method = datagram.text.split(" ")[0];
      if (method === "ACK") continue;
      const copied = datagram.text
        .split(/\r\n(?![ \t])/)
        .filter((line) => /^(?:via|from|call-id|cseq|record-route|v|f|i|to|t)\s*:/i.test(line))
        .map((line) => (/^(?:to|t)\s*:/i.test(line) && !/;\s*tag=/i.test(line) ? `${line};tag=sink` : line));
      const status = method === "OPTIONS" || method === "BYE" ? "200 OK" : "486 Busy Here";
      const reply = [`SIP/2.0 ${status}`, ...copied, "Content-Length: 0", "", ""].join("\r\n");
      agent.send(reply, datagram).catch(() => {});
    }
  }, 5);
  return {
    ...agent,
    close: async () => {
      clearInterval(timer);
      await agent.close();
    },
  };
}

function controlRequest(from: string, to: string, id: string): string {
  return [
    `OPTIONS sip:${bracketed(to)} SIP/2.0`,
    `Via: SIP/2.0/UDP ${bracketed(from)};rport;branch=z9hG4bK${id}`,
    "Max-Forwards: 70",
    `From: <sip:control@${bracketed(from)}>;tag=${id}`,
    `To: <sip:${bracketed(to)}>`,
    `Call-ID: ${id}`,
    "CSeq: 1 OPTIONS",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

async function observe(lab: Lab, agent: UdpPeer, message: TortureMessage): Promise<Observation> {
  const { from, to } = sides[message.rfc];
  const before = agent.received.length;
  const socket = await lab.udp(from);
  const control = await lab.udp(from);
  await socket.send(message.bytes, to);
  const started = Date.now();
  await control.send(controlRequest(from, to.address, `control-${message.name}`), to);
  const alive = await control.receive(1000, (d) => d.text.startsWith("SIP/2.0 200")).catch(() => undefined);
  const took = alive && Date.now() - started;
  const first = await socket.receive(400).catch(() => undefined);
  if (first?.text.startsWith("SIP/2.0 1"))
    await socket.receive(5000, (d) => /^SIP\/2\.0 [2-6]/.test(d.text)).catch(() => undefined);
  const answers = socket.received.map((d) => d.text.slice(8, 11));
  const final = answers.find((code) => code >= "200") ?? answers.at(-1) ?? "silence";
  const reached = agent.received
    .slice(before)
    .map((d) => d.text.split(" ")[0] ?? "")
    .filter((method) => method !== "OPTIONS" && method !== "ACK");
  await socket.close();
  await control.close();
  return { message, answer: final, reached: [...new Set(reached)].join(" ") || "-", control: took };
}

describe("torture messages", () => {
  let lab: Lab;
  let edge: Edge;
  let agent: UdpPeer;
  const seen: Observation[] = [];

  beforeAll(async () => {
    const addresses = [
      "198.51.100.7",
      "2001:db8::10",
      "10.0.4.1",
      "10.0.4.10",
      "203.0.113.10",
      "2001:db8:a::10",
    ];
    lab = await openLab({ addresses });
    agent = await busyAgent(lab);
    edge = await startEdge(lab, config);
    for (const message of tortureMessages()) seen.push(await observe(lab, agent, message));
  });
  afterAll(async () => {
    await agent?.close();
    await lab?.close();
  });

  it("are all there", () => {
    expect(seen.filter((o) => o.message.rfc === "4475")).toHaveLength(50);
    expect(seen.filter((o) => o.message.rfc === "5118")).toHaveLength(12);
  });

  it("leave the edge answering within a second, each of them", () => {
    expect(
      seen.filter((o) => o.control === undefined || o.control > 1000).map((o) => o.message.name),
    ).toEqual([]);
  });

  it("crash nothing", () => {
    const complaints = edge.kamailio.lines.filter((line) => /child process|core dump|signal \d+/i.test(line));
    expect(complaints).toEqual([]);
  });

  it("do not reach an agent where the RFC calls them invalid", () => {
    const wrong = seen.filter((o) => o.reached !== "-" && !o.message.mayReachAgent);
    expect(wrong.map((o) => o.message.name)).toEqual([]);
  });

  it("carry no header escaped in a Request-URI to the agent", () => {
    expect(agent.received.filter((d) => /\?Route=|^Route:.*example\.com/im.test(d.text))).toEqual([]);
  });

  it("reach the agent where they are calls for this edge", () => {
    expect(seen.some((o) => o.reached === "INVITE" && o.answer === "486")).toBe(true);
  });

  it("are answered as recorded", async () => {
    const rows = seen.map(({ message, answer, reached }) =>
      [message.rfc, message.name, message.section, message.expected, answer, reached].join("\t"),
    );
    const head = "rfc\tname\tsection\texpected by the RFC\tanswer of the edge\treached the agent";
    await expect(`${[head, ...rows].join("\n")}\n`).toMatchFileSnapshot("data/answers.tsv");
  });
});
