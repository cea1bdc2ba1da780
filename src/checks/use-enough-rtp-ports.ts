/** CREW3113: fewer media ports than the allowed calls take. */
import { join } from "../core/pointer.ts";
import { portsPerCall, roomIn } from "../model/media-ports.ts";
import type { LimitsModel, Model } from "../model/model.ts";
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";

const sample = (calls: number) => sampleEdge({ network: { rtp: [10000, 10099] } }, { limits: { calls } });

export const check = {
  code: "CREW3113",
  name: "useEnoughRtpPorts",
  severity: "error",
  summary: "The RTP range is too small for the calls that the limits allow or a reserve keeps.",
  why: "A call takes four ports: RTP and RTCP on both sides. When they run out, calls are refused although the limit allows them.",
  bad: sample(30),
  good: sample(20),
  run(model, report) {
    const { network } = model.edge;
    const [first, last] = network.rtp;
    const room = roomIn(network.rtp);
    const limited = model.trunks.flatMap((trunk) => {
      const most = mostCalls(trunk.limits);
      return most === undefined ? [] : [{ trunk, most }];
    });
    const { inbound = 0, outbound = 0 } = network.rtp_reserve ?? {};
    if (inbound + outbound > room)
      report({
        pointer: join(network.at, "rtp_reserve"),
        message: `The ${last - first + 1} ports ${first} to ${last} have room for ${room} calls, but ${inbound + outbound} are reserved.`,
        related: [{ pointer: join(network.at, "rtp"), label: "the ports" }],
        help: `Widen 'rtp' to at least ${(inbound + outbound) * portsPerCall} ports, or reserve less.`,
      });
    const starved = starvedDirection(model, inbound, outbound);
    if (starved !== undefined && inbound + outbound === room)
      report({
        pointer: join(network.at, "rtp_reserve"),
        message: `The ${last - first + 1} ports ${first} to ${last} have room for ${room} calls, all of them reserved: no ${starved} call could ever be made.`,
        related: [{ pointer: join(network.at, "rtp"), label: "the ports" }],
        help: "Widen 'rtp', or reserve less.",
      });
    const calls = limited.reduce((sum, { most }) => sum + most, 0);
    if (calls <= room) return;
    report({
      pointer: join(network.at, "rtp"),
      message: `The ${last - first + 1} ports ${first} to ${last} have room for ${room} calls, but ${calls} are allowed.`,
      related: limited.slice(0, 5).map(({ trunk, most }) => ({
        pointer: join(trunk.at, "limits"),
        label: `trunk '${trunk.id}': ${most}`,
      })),
      help: `Widen 'rtp' to at least ${calls * portsPerCall} ports, or lower the limits.`,
    });
  },
} satisfies Check;

/** The calls that a trunk may have at once; `undefined` where nothing bounds them. */
function mostCalls({ calls, inbound, outbound }: LimitsModel): number | undefined {
  const both =
    inbound.calls === undefined || outbound.calls === undefined ? undefined : inbound.calls + outbound.calls;
  return calls === undefined || both === undefined ? (calls ?? both) : Math.min(calls, both);
}

/** The direction that has calls and to which a reserve of everything would leave nothing. */
function starvedDirection(
  { trunks }: Model,
  inbound: number,
  outbound: number,
): "inbound" | "outbound" | undefined {
  if (outbound === 0 && trunks.some((trunk) => trunk.outbound !== undefined)) return "outbound";
  if (inbound === 0 && trunks.some((trunk) => trunk.routes.length > 0)) return "inbound";
  return undefined;
}
