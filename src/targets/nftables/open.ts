/** Says where the firewall has to stay open, since nobody's address is known. */
import { isIP } from "node:net";
import type { Diagnostic } from "../../core/diagnostic.ts";
import type { Model } from "../../model/model.ts";
import { carriersOf } from "./carriers.ts";
import type { NftablesDoc, Rate, Side } from "./doc.ts";

/**
 * A warning for each property that keeps a side open: CREW4101 digest trunks, CREW4102 agents with host names, CREW4103 client
 * certificates, CREW4104 carriers with host names, CREW4105 agents with passwords.
 */
export function openToAll(model: Model, doc: NftablesDoc): Diagnostic[] {
  return doc.sides.flatMap((side): Diagnostic[] => {
    const rate = side.open;
    if (rate === undefined || side.sockets.every((socket) => isLoopback(socket.address))) return [];
    const why = `Anybody can reach ${ports(side)}; each source may send ${rate.packetsPerSecond} packets and open ${rate.connectionsPerSecond} connections a second. Scanners find an open SIP port within minutes.`;
    return side.name === "carrier"
      ? [...digestTrunks(model, why), ...certifiedTrunks(model, rate), ...namedCarriers(model, why)]
      : [...namedAgents(model, why), ...agentPasswords(model, why)];
  });
}

function digestTrunks(model: Model, why: string): Diagnostic[] {
  return model.trunks.flatMap((trunk) =>
    trunk.auth.type !== "digest"
      ? []
      : [
          {
            code: "CREW4101",
            severity: "warning",
            pointer: trunk.auth.at,
            message: `The firewall leaves the carrier side open, since trunk '${trunk.id}' signs in by password from any address.`,
            why,
            help: "Where the other end has fixed addresses, use 'ip_allowlist'.",
          },
        ],
  );
}

function namedCarriers(model: Model, why: string): Diagnostic[] {
  return model.trunks.flatMap((trunk) =>
    carriersOf(trunk)
      .filter((target) => isIP(target.host) === 0)
      .map(
        (target): Diagnostic => ({
          code: "CREW4104",
          severity: "warning",
          pointer: target.at,
          message: `The firewall leaves the carrier side open, since the addresses behind '${target.host}' of trunk '${trunk.id}' are not known.`,
          why,
          help: "Where the carrier names its addresses, write them in 'outbound' instead of the host name.",
        }),
      ),
  );
}

function certifiedTrunks(model: Model, rate: Rate): Diagnostic[] {
  return model.trunks.flatMap((trunk) =>
    trunk.auth.type !== "client_certificate"
      ? []
      : [
          {
            code: "CREW4103",
            severity: "warning",
            pointer: trunk.auth.at,
            message: `The firewall leaves the carrier side's TLS port open, since trunk '${trunk.id}' is known by its certificate at any address.`,
            why: `Anybody can open ${rate.connectionsPerSecond} connections a second to it; without a certificate of yours they get no answer.`,
            help: "Where the other end has fixed addresses, let only those through in a firewall before the edge.",
          },
        ],
  );
}

function namedAgents(model: Model, why: string): Diagnostic[] {
  return model.agents.flatMap((agent) =>
    agent.targets
      .filter((target) => isIP(target.host) === 0)
      .map(
        (target): Diagnostic => ({
          code: "CREW4102",
          severity: "warning",
          pointer: target.at,
          message: `The firewall leaves the agent side open, since the addresses behind '${target.host}' of agent '${agent.id}' are not known.`,
          why,
          help: "Give the agent's IP address, or keep the agent side on a private network.",
        }),
      ),
  );
}

/** Agents that may place calls from anywhere. */
export const diallers = (model: Model) => model.agents.filter((agent) => agent.auth !== undefined);

function agentPasswords(model: Model, why: string): Diagnostic[] {
  return diallers(model).map(
    ({ id, at, auth }): Diagnostic => ({
      code: "CREW4105",
      severity: "warning",
      pointer: auth?.at ?? at,
      message: `The firewall leaves the agent side open, since agent '${id}' places calls with a password from any address.`,
      why,
      help: "Where the agent has fixed addresses or a network of its own, use 'allowed_ips', or keep the agent side on a private network.",
    }),
  );
}

function ports(side: Side): string {
  const named = new Set(side.sockets.map((socket) => `${socket.port}/${socket.protocol}`));
  return [...named].join(" and ");
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
