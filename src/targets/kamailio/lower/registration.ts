/** Registrations at carriers: what is asked for, and whose calls arrive over them. */
import { BlockList } from "node:net";
import type { Diagnostic } from "../../../core/diagnostic.ts";
import { bracketed } from "../../../core/host.ts";
import type { Model, RegistrationModel, TrunkModel } from "../../../model/model.ts";
import type { Listener, Row } from "../doc.ts";
import { separator } from "./separator.ts";
import { isAddress } from "./sources.ts";
import { warning } from "./warning.ts";

export interface RegistrationTables {
  /** Number → what to register. */
  readonly register: readonly Row[];
  /** `<address>/<user>` → trunk; the address alone where only one trunk is registered there. */
  readonly contacts: readonly Row[];
  /** Trunk → user part of its Contact. */
  readonly accounts: readonly Row[];
  /** Registrars that are host names, so that their addresses are learned from what they answer. */
  readonly learned: boolean;
  /** Registrars that are reached over TLS. */
  readonly secure: boolean;
  /** Contacts whose user is not their trunk's name. */
  readonly contactUsers: boolean;
  /** Addresses that are on the list of one trunk and where another one is registered. */
  readonly amongSources: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

/** What Kamailio's uac module takes of a URI. */
const longest = 127;

interface Registered {
  readonly trunk: TrunkModel;
  readonly register: RegistrationModel;
  readonly username: string;
  readonly listener: Listener;
  /** Literal addresses of the registrar and of where calls go. */
  readonly addresses: readonly { readonly address: string; readonly at: string }[];
}

export function lowerRegistrations(model: Model, listeners: readonly Listener[]): RegistrationTables {
  const diagnostics: Diagnostic[] = [];
  const all = model.trunks.flatMap((trunk): Registered[] => {
    const { outbound } = trunk;
    if (outbound?.register === undefined || outbound.auth === undefined) return [];
    const { register } = outbound;
    const listener = listenerFor(register.registrar, listeners);
    if (listener === undefined) {
      diagnostics.push(noSocket(trunk, register));
      return [];
    }
    if (longestUri(register, outbound.auth.username) > longest) {
      diagnostics.push(tooLong(trunk, register));
      return [];
    }
    if (!isAddress(register.registrar.host)) diagnostics.push(namedRegistrar(trunk, register));
    const { username } = outbound.auth;
    return [{ trunk, register, username, listener, addresses: registrarAddresses(trunk) }];
  });
  return {
    register: all.map((r, i) => ({ key: String(i), value: registerFields(r), at: r.register.at })),
    contacts: contactRows(all),
    accounts: all.map(({ trunk, register }) => ({
      key: trunk.id,
      value: register.contact_user,
      at: register.at,
    })),
    learned: all.some((r) => !isAddress(r.register.registrar.host)),
    secure: all.some((r) => r.register.registrar.transport === "tls"),
    contactUsers: all.some((r) => r.register.contact_user !== r.trunk.id),
    amongSources: all.some((r) => onListOfAnother(r, model.trunks)),
    diagnostics,
  };
}

/** The literal addresses from which calls over a trunk's registration come: those of its registrar and its targets. */
export function registrarAddresses({ outbound }: TrunkModel): { address: string; at: string }[] {
  if (outbound?.register === undefined) return [];
  const hosts = [
    { host: outbound.register.registrar.host, at: outbound.register.at },
    ...outbound.targets.map(({ host, at }) => ({ host, at })),
  ];
  const found = new Map(hosts.filter(({ host }) => isAddress(host)).map(({ host, at }) => [host, at]));
  return [...found].map(([address, at]) => ({ address, at }));
}

/** Where a host name may have addresses of both families, IPv4 goes first. */
function listenerFor(
  { host, transport }: RegistrationModel["registrar"],
  listeners: readonly Listener[],
): Listener | undefined {
  const own = listeners.filter((l) => l.name.startsWith("carrier") && l.transport === transport);
  return isAddress(host) ? own.find((l) => l.address.includes(":") === host.includes(":")) : own[0];
}

function registerFields({ trunk, register, username, listener }: Registered): string {
  const { host, port, transport } = register.registrar;
  const own = bracketed(listener.advertised ?? listener.address);
  const contact = `${register.contact_user}@${own}`;
  return [
    trunk.id,
    `${bracketed(host)}${port === undefined ? "" : `:${port}`}`,
    transport,
    addressOfRecord(username, host),
    `sip:${contact}:${listener.port}${transport === "udp" ? "" : `;transport=${transport}`}`,
    contact,
    `${listener.transport}:${bracketed(listener.address)}:${listener.port}`,
    register.expires,
  ].join(separator);
}

function addressOfRecord(username: string, host: string): string {
  return `sip:${username.replaceAll("@", "%40")}@${bracketed(host)}`;
}

function longestUri({ registrar }: RegistrationModel, username: string): number {
  const target = `sip:${bracketed(registrar.host)}:65535;transport=${registrar.transport}`;
  return Math.max(target.length, addressOfRecord(username, registrar.host).length);
}

function contactRows(all: readonly Registered[]): Row[] {
  const rows: Row[] = [];
  const trunksAt = new Map<string, Registered[]>();
  for (const registered of all)
    for (const { address, at } of registered.addresses) {
      const { trunk, register } = registered;
      rows.push({ key: `${address}/${register.contact_user}`, value: trunk.id, at });
      trunksAt.set(address, [...(trunksAt.get(address) ?? []), registered]);
    }
  for (const [address, [first, ...others]] of trunksAt)
    if (first !== undefined && others.length === 0)
      rows.push({ key: address, value: first.trunk.id, at: first.register.at });
  return rows;
}

function onListOfAnother({ trunk, addresses }: Registered, trunks: readonly TrunkModel[]): boolean {
  const listed = new BlockList();
  for (const { id, auth } of trunks)
    if (id !== trunk.id && auth.type === "ip_allowlist")
      for (const { address, prefix, family } of auth.networks)
        listed.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
  return addresses.some(({ address }) => listed.check(address, address.includes(":") ? "ipv6" : "ipv4"));
}

function namedRegistrar(trunk: TrunkModel, { at, registrar }: RegistrationModel): Diagnostic {
  return warning(
    "CREW4026",
    at,
    `Calls over the registration of trunk '${trunk.id}' are taken only from addresses at which '${registrar.host}' answers to REGISTER.`,
    "Where the provider calls from other addresses too, write them in an 'ip_allowlist' of the trunk.",
  );
}

function noSocket(trunk: TrunkModel, { at, registrar }: RegistrationModel): Diagnostic {
  const family = isAddress(registrar.host)
    ? registrar.host.includes(":")
      ? " over IPv6"
      : " over IPv4"
    : "";
  return warning(
    "CREW4027",
    at,
    `Trunk '${trunk.id}' cannot register with '${registrar.host}': the carrier side has no ${registrar.transport.toUpperCase()} socket${family}.`,
    `Set 'network.carrier.${registrar.transport}' and an address of that family, or name another registrar.`,
  );
}

function tooLong(trunk: TrunkModel, { at, registrar }: RegistrationModel): Diagnostic {
  return warning(
    "CREW4028",
    at,
    `Trunk '${trunk.id}' cannot register: its user name and '${registrar.host}' together make a URI of more than ${longest} characters.`,
    "Name the registrar by a shorter name or by its address.",
  );
}
