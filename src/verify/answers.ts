/** Asks the booted edge with OPTIONS: a known peer must get an answer, a stranger none where every trunk is known by its address. */
import { randomBytes } from "node:crypto";
import { isIPv6 } from "node:net";
import type { IpNetwork, Model, TrunkModel } from "../model/model.ts";
import { addressIn, isWithin } from "./addresses.ts";
import type { Cell } from "./cell.ts";
import { kamailioFile } from "./kamailio-parse.ts";
import { type Artifacts, diagnose } from "./locate.ts";
import type { StepResult } from "./report.ts";

/** Of the documentation prefixes, so that no allowlist should hold them. */
const strangers = { 4: "192.0.2.77", 6: "2001:db8:ffff::77" } as const;

interface Probe {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  /** The trunk whose allowlist holds the source; absent: a stranger. */
  readonly trunk?: TrunkModel;
}

function probesOf(model: Model): readonly Probe[] {
  const { bind, carrier } = model.edge.network;
  const port = carrier.udp;
  if (port === undefined) return [];
  return ([4, 6] as const).flatMap((family) => {
    const to = family === 4 ? bind.v4 : bind.v6;
    if (to === undefined) return [];
    const known = model.trunks.flatMap((trunk): Probe[] => {
      const network = networksOf(trunk).find((n) => n.family === family);
      return network === undefined ? [] : [{ from: addressIn(network), to, port, trunk }];
    });
    return [
      ...known.slice(0, 1),
      ...(defaultDeny(model, strangers[family]) ? [{ from: strangers[family], to, port }] : []),
    ];
  });
}

function networksOf(trunk: TrunkModel): readonly IpNetwork[] {
  return trunk.auth.type === "ip_allowlist" ? trunk.auth.networks : [];
}

/** True where the edge owes this source silence: no trunk that proves itself by digest, no allowlist that holds it. */
function defaultDeny(model: Model, address: string): boolean {
  if (model.trunks.some((trunk) => trunk.auth.type === "digest")) return false;
  return !model.trunks.flatMap(networksOf).some((network) => isWithin(address, network));
}

/** The source addresses that the cell needs for the questions. */
export function probeAddresses(model: Model): readonly string[] {
  return probesOf(model).map((probe) => probe.from);
}

/** Asks from every source at once; strangers are listened to until the known peers have their answers, and 100 ms more. */
export async function answers(artifacts: Artifacts, model: Model, cell: Cell): Promise<StepResult> {
  const probes = probesOf(model);
  const known = probes.filter((p) => p.trunk !== undefined);
  const unknown = probes.filter((p) => p.trunk === undefined);
  const heard = Promise.all(unknown.map((probe) => ask(probe, cell, 250, 1)));
  const answered = await Promise.all(known.map((probe) => ask(probe, cell, 300, 5)));
  const place = { path: kamailioFile, line: 1 };
  const silent = known.filter((_, i) => answered[i] === undefined);
  const leaked = (await heard).filter((status) => status !== undefined);
  return {
    detail: [...new Set(answered.filter((a) => a !== undefined))].join(", "),
    diagnostics: [
      ...silent.map(({ from, to, port, trunk }) => ({
        ...diagnose(artifacts, {
          code: "CREW5108",
          message: `The edge does not answer OPTIONS of trunk ${trunk?.id} from ${from} at ${to} port ${port}.`,
          why: "The daemons started, so either the trunk's addresses did not reach them or the route script drops its requests.",
          ...(trunk === undefined ? { place } : {}),
        }),
        ...(trunk === undefined ? {} : { pointer: trunk.auth.type === "none" ? trunk.at : trunk.auth.at }),
      })),
      ...leaked.map((status) =>
        diagnose(artifacts, {
          code: "CREW5109",
          message: `The edge answers ${status} to an address that belongs to no trunk.`,
          why: "An edge whose trunks are all known by their addresses owes strangers silence.",
          place,
        }),
      ),
    ],
  };
}

/** The status line's code and reason, `undefined` after `times` requests of `ms` each without an answer. */
async function ask(probe: Probe, cell: Cell, ms: number, times: number): Promise<string | undefined> {
  const socket = await cell.bind(probe.from);
  if (typeof socket === "string") return undefined;
  const id = randomBytes(8).toString("hex");
  const host = (address: string): string => (isIPv6(address) ? `[${address}]` : address);
  const request = [
    `OPTIONS sip:${host(probe.to)}:${probe.port} SIP/2.0`,
    `Via: SIP/2.0/UDP ${host(probe.from)};branch=z9hG4bK${id};rport`,
    "Max-Forwards: 70",
    `From: <sip:verify@${host(probe.from)}>;tag=${id}`,
    `To: <sip:${host(probe.to)}>`,
    `Call-ID: ${id}`,
    "CSeq: 1 OPTIONS",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
  for (let i = 0; i < times; i++) {
    socket.send(Buffer.from(request), probe.to, probe.port);
    const reply = await socket.receive(ms, ({ data }) => data.includes(id));
    const status = reply && /^SIP\/2\.0 (\d{3} [^\r\n]*)/.exec(reply.data.toString("utf8"))?.[1];
    if (status) {
      socket.close();
      return status;
    }
  }
  socket.close();
  return undefined;
}
