/** The two BYEs that end a call, each as the other side would have sent it, to the private socket of the running proxy. */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:dgram";
import { unseal } from "../../targets/kamailio/sealed.ts";
import { compose, first, parseMessage, status } from "../proof/message.ts";
import { bindUdp } from "../proof/sockets.ts";
import type { EndableCall } from "./call-label.ts";

export type EndReason = "call_minutes" | "media_timeout";

const host = "127.0.0.1";
/** Higher than that of any request of the call (RFC 3261 section 12.2.1.1), with room below 2³¹ for what the proxy adds. */
const cseq = 2_147_480_000;
/** RFC 3261 section 17.1.2: T1, T2 and timer F, in milliseconds. */
const timer = { t1: 500, t2: 4000, f: 32_000 } as const;

const texts: Readonly<Record<EndReason, string>> = {
  call_minutes: "Longest duration reached",
  media_timeout: "No media",
};

interface Bye {
  readonly branch: string;
  readonly text: string;
}

/** Both BYEs, the caller's first; none where the call's own words cannot be read with this key. */
export function byesOf(
  call: EndableCall,
  reason: EndReason,
  from: { readonly key: Buffer; readonly port: number; readonly proxy: number },
): readonly Bye[] {
  const [, , , callId, caller, called] = unseal(call.calleeView, from.key)?.split(" ") ?? [];
  if (callId === undefined || caller === undefined || called === undefined) return [];
  const direction = call.claim.split(".")[1]?.charAt(0);
  const [near, far] =
    direction === "o"
      ? ["agent", "carrier"]
      : direction === "f"
        ? ["carrier", "carrier"]
        : ["carrier", "agent"];
  const edge = `sip:${host}:${from.proxy}`;
  const bye = (o: {
    readonly side: string;
    readonly view: string;
    readonly target: string;
    readonly callId: string;
    readonly from: string;
    readonly to: string;
  }): Bye => {
    const branch = `z9hG4bK${randomBytes(12).toString("hex")}`;
    const target = o.target === "" ? "" : `;m=${o.target}`;
    return {
      branch,
      text: compose(`BYE ${edge}${target} SIP/2.0`, [
        ["Via", `SIP/2.0/UDP ${host}:${from.port};branch=${branch};rport`],
        ["Max-Forwards", "70"],
        ["Route", `<${edge};lr;v=${o.view};c=${call.claim}>`],
        ["From", o.from],
        ["To", o.to],
        ["Call-ID", o.callId],
        ["CSeq", `${cseq} BYE`],
        ["X-Crew-End", o.side],
        ["Reason", `Q.850;cause=31;text="${texts[reason]}"`],
      ]),
    };
  };
  return [
    bye({
      side: `${near} ${reason}`,
      view: call.callerView,
      target: call.calleeAt,
      callId,
      from: `<${caller}>;tag=${call.callerTag}`,
      to: `<${called}>;tag=${call.calleeTag}`,
    }),
    bye({
      side: `${far} -`,
      view: call.calleeView,
      target: call.callerAt,
      callId: call.id,
      from: `<${called}>;tag=${call.calleeTag}`,
      to: `<${caller}>;tag=${call.callerTag}`,
    }),
  ];
}

/** Sends BYEs until each has its final response or 32 s are over; a proxy that is just being restarted gets them again. */
export async function sendByes(
  proxy: number,
  byes: (port: number) => readonly Bye[],
): Promise<{ readonly answered: number; readonly silent: number }> {
  const socket = await bindUdp(host);
  try {
    const waiting = new Map<string, () => void>();
    socket.on("message", (data) => {
      const message = parseMessage(data.toString("utf8"));
      const branch = /;branch=([^;,\s]+)/.exec((message && first(message, "via")) ?? "")?.[1] ?? "";
      if (message !== undefined && (status(message) ?? 0) >= 200) waiting.get(branch)?.();
    });
    const results = await Promise.all(
      byes(socket.address().port).map((bye) => exchange(socket, proxy, bye, waiting)),
    );
    const answered = results.filter(Boolean).length;
    return { answered, silent: results.length - answered };
  } finally {
    socket.close();
  }
}

function exchange(
  socket: Socket,
  proxy: number,
  { branch, text }: Bye,
  waiting: Map<string, () => void>,
): Promise<boolean> {
  return new Promise((resolve) => {
    let pause: number = timer.t1;
    let repeat: NodeJS.Timeout;
    const send = (): void => {
      socket.send(text, proxy, host);
      repeat = setTimeout(send, pause);
      pause = Math.min(2 * pause, timer.t2);
    };
    const finish = (answered: boolean): void => {
      clearTimeout(repeat);
      clearTimeout(end);
      waiting.delete(branch);
      resolve(answered);
    };
    const end = setTimeout(() => finish(false), timer.f);
    waiting.set(branch, () => finish(true));
    send();
  });
}
