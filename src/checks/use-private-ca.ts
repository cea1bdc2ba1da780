/** CREW3152: peers in a private network whose certificates only public CAs could check. */
import type { JsonPointer } from "../core/pointer.ts";
import { addressKind } from "./addresses.ts";
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";

const tls = { certificate: "/etc/crew/edge.pem", private_key: "/etc/crew/edge.key" };
const secure = { agents: { agent_sarah: { uri: "sip:10.0.4.10:5061;transport=tls" } } };

export const check = {
  code: "CREW3152",
  name: "usePrivateCa",
  severity: "warning",
  summary: "A peer at a private address is to prove itself by a certificate of a public CA.",
  why: "Nothing is sent over TLS before the peer's certificate is proved to be for its host. Public CAs issue none for private addresses, so that a CA of your own has to.",
  bad: sampleEdge({ network: { tls } }, secure),
  good: sampleEdge({ network: { tls: { ...tls, ca: "/etc/crew/peers-ca.pem" } } }, secure),
  run(model, report) {
    const { tls } = model.edge.network;
    if (tls === undefined || tls.ca !== undefined) return;
    const tell = (who: string, host: string, pointer: JsonPointer) =>
      report({
        pointer,
        message: `${who} at ${host} is called over TLS, but no public CA issues a certificate for that address: no call goes there.`,
        help: "Give 'network.tls' the path of your own CA ('ca'), or call the peer by a host name that its certificate has.",
      });
    const isPrivate = (t: { readonly host: string; readonly transport: string }): boolean =>
      t.transport === "tls" && ["internal", "loopback"].includes(addressKind(t.host));
    for (const agent of model.agents)
      for (const target of agent.targets)
        if (isPrivate(target)) tell(`Agent '${agent.id}'`, target.host, target.at);
    for (const { id, outbound } of model.trunks)
      for (const target of outbound?.targets ?? [])
        if (isPrivate(target)) tell(`The provider of trunk '${id}'`, target.host, target.at);
  },
} satisfies Check;
