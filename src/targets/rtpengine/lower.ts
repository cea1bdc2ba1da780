/** From the Model to the settings of rtpengine. */
import { join } from "../../core/pointer.ts";
import { ok, type Result } from "../../core/result.ts";
import type { Model, NetworkModel } from "../../model/model.ts";
import type { MediaInterface, RtpengineDoc } from "./doc.ts";

/** Control sockets; Kamailio, deploy and the firewall use the same. */
export const control = { address: "127.0.0.1", ng: 2223, cli: 2224, digits: 2225 } as const;

/** Expedited Forwarding (RFC 3246), DSCP 46, as the byte of the IP header. */
const expeditedForwarding = 46 << 2;

export function lower(model: Model): Result<RtpengineDoc> {
  const { network, name, engine } = model.edge;
  const rtp = join(network.at, "rtp");
  return ok({
    edge: name,
    engine,
    groups: [
      {
        title: "The two sides: network › bind_ip, public_ip, agents › address",
        settings: [{ at: network.at, option: "interface", value: interfaces(network) }],
      },
      {
        title: "Media ports, two for each side of a call: network › rtp",
        settings: [
          { at: rtp, option: "port-min", value: network.rtp[0] },
          { at: rtp, option: "port-max", value: network.rtp[1] },
        ],
      },
      {
        title: "Control, for this host only",
        settings: [
          { option: "listen-ng", value: { address: control.address, port: control.ng } },
          { option: "listen-cli", value: { address: control.address, port: control.cli } },
        ],
      },
      ...digitsHeard(model),
      {
        title: "Seconds without media until a call is given up: in conversation, on hold, and while it rings",
        settings: [
          { option: "timeout", value: mediaTimeout(model) },
          { option: "silent-timeout", value: 3600 },
          // Longer than any carrier rings; Kamailio deletes calls that fail, so this bounds only what it forgot.
          { option: "offer-timeout", value: 300 },
        ],
      },
      {
        title: "Ports are free as soon as a call ends",
        settings: [{ option: "delete-delay", value: 0 }],
      },
      {
        title: "Whose packets are taken; Kamailio narrows it for each leg",
        settings: [{ option: "endpoint-learning", value: "heuristic" }],
      },
      {
        title:
          "One thread reads a socket: packets of a stream keep their order, and control does not wait for media",
        settings: [{ option: "poller-per-thread", value: true }],
      },
      {
        // More of them would wake for every call, and hand its memory from one to the other.
        title: "One thread is enough for the reports of RTCP; transcoded audio does not wait for it",
        settings: [{ option: "media-num-threads", value: 1 }],
      },
      {
        title: "Expedited Forwarding on media",
        settings: [{ option: "tos", value: expeditedForwarding }],
      },
      {
        title: "No kernel forwarding unless the command line says --table",
        settings: [{ option: "table", value: -1 }],
      },
      {
        title: "The supervisor keeps the log, from warnings on: a line for each call would cost each call",
        settings: [
          { option: "foreground", value: true },
          { option: "log-stderr", value: true },
          { option: "log-level", value: 4 },
        ],
      },
    ],
  });
}

/** Longer than any trunk allows silence: the edge ends such a call before, while rtpengine still knows whom to tell. */
function mediaTimeout({ trunks }: Model): number {
  return Math.max(60, ...trunks.map((t) => (t.limits.media_timeout ?? 0) + 30));
}

/** The guard sends what agents say in telephone events on as INFO, where a trunk wants that. */
function digitsHeard({ trunks }: Model): RtpengineDoc["groups"] {
  if (trunks.every((t) => t.dtmf !== "info")) return [];
  return [
    {
      title: "Digits that are heard: sip › dtmf",
      settings: [
        { option: "dtmf-log-dest", value: { address: control.address, port: control.digits } },
        { option: "dtmf-no-log-injects", value: true },
      ],
    },
  ];
}

/** `carrier` has one entry for each family of `public_ip`, `agents` one. */
function interfaces({ bind, public: pub, agents }: NetworkModel): readonly MediaInterface[] {
  const carrier = (["v4", "v6"] as const).flatMap((family): MediaInterface[] => {
    const address = bind[family];
    if (address === undefined) return [];
    const advertised = pub[family];
    return [
      {
        name: "carrier",
        address,
        ...(advertised === undefined || advertised === address ? {} : { advertised }),
      },
    ];
  });
  return [...carrier, { name: "agents", address: agents.address }];
}
