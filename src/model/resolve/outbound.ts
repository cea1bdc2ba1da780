/** Calls to the carrier side: where they go, as whom, and which numbers may be called. */
import type { z } from "zod";
import { sortedBy } from "../../core/order.ts";
import { type JsonPointer, join } from "../../core/pointer.ts";
import type {
  NumberEntry,
  NumberPlan,
  OutboundModel,
  OutboundTarget,
  PrefixEntry,
  RegistrationModel,
} from "../model.ts";
import type { outbound as outboundSchema } from "../schema/outbound.ts";
import { reportRepeated } from "./allowlist.ts";
import { secretSource } from "./auth.ts";
import { resolveNumber } from "./number.ts";
import type { Report } from "./report.ts";
import { defaultPorts, readSipUri } from "./uri.ts";

type OutboundDraft = z.output<typeof outboundSchema>;
type Host = RegistrationModel["registrar"];

export interface OutboundContext {
  readonly trunk: string;
  readonly plan: NumberPlan | undefined;
  readonly report: Report;
}

/** `undefined` where none of its URIs can be used. */
export function resolveOutbound(
  draft: OutboundDraft,
  at: JsonPointer,
  context: OutboundContext,
): OutboundModel | undefined {
  const { plan, report } = context;
  const targets = resolveTargets(draft, at, report);
  const caller =
    draft.caller_id === undefined
      ? undefined
      : resolveNumber(draft.caller_id, plan, join(at, "caller_id"), report);
  const caller_ids = resolveCallers(draft.caller_ids ?? [], join(at, "caller_ids"), context);
  const allowed = prefixes(draft.allowed_destinations, join(at, "allowed_destinations"), report);
  const denied = prefixes(draft.denied_destinations, join(at, "denied_destinations"), report);
  const [first] = targets;
  if (first === undefined) return undefined;
  const register = resolveRegistration(draft, at, first, context);
  return {
    at,
    targets,
    ...(draft.auth === undefined ? {} : { auth: resolveCredentials(draft.auth, join(at, "auth")) }),
    ...(caller === undefined ? {} : { caller_id: caller }),
    caller_ids,
    number_format: draft.number_format ?? "e164",
    user_phone: draft.user_phone ?? false,
    allowed_destinations: allowed ?? [{ at, prefix: plan === undefined ? "+" : `+${plan.calling_code}` }],
    denied_destinations: denied ?? [],
    ...(register === undefined ? {} : { register }),
  };
}

function resolveCredentials(
  draft: NonNullable<OutboundDraft["auth"]>,
  at: JsonPointer,
): NonNullable<OutboundModel["auth"]> {
  return {
    at,
    username: draft.username,
    password: secretSource(draft.password, join(at, "password")),
    ...(draft.realm === undefined ? {} : { realm: draft.realm }),
  };
}

function resolveTargets(draft: OutboundDraft, at: JsonPointer, report: Report): OutboundTarget[] {
  const list = Array.isArray(draft.uri);
  const entries = Array.isArray(draft.uri) ? draft.uri : [draft.uri];
  const targets = entries.flatMap((entry, i): OutboundTarget[] => {
    const place = list ? join(at, "uri", i) : join(at, "uri");
    const { uri, priority = 1, weight = 1 } = typeof entry === "string" ? { uri: entry } : entry;
    const host = resolveHost(
      uri,
      typeof entry === "string" ? place : join(place, "uri"),
      { at, draft },
      report,
    );
    return host === undefined ? [] : [{ at: place, ...host, priority, weight }];
  });
  return targets.sort((a, b) => a.priority - b.priority);
}

/** Where the section says a transport too, the two must agree. */
function resolveHost(
  uri: string,
  place: JsonPointer,
  section: { readonly at: JsonPointer; readonly draft: OutboundDraft },
  report: Report,
): Host | undefined {
  const stated = readSipUri(uri, place, report);
  if (stated === undefined) return undefined;
  const wanted = section.draft.transport;
  if (stated.transport !== undefined && wanted !== undefined && stated.transport !== wanted) {
    report({
      code: "CREW2121",
      severity: "error",
      pointer: place,
      message: `'${uri}' asks for ${stated.transport.toUpperCase()}, 'transport' for ${wanted.toUpperCase()}.`,
      related: [{ pointer: join(section.at, "transport"), label: "the other transport" }],
      help: "Remove one of the two.",
    });
    return undefined;
  }
  if (stated.user !== undefined)
    report({
      code: "CREW2122",
      severity: "warning",
      pointer: place,
      message: `The user part '${stated.user}' is not used: the called number stands there.`,
      help: "Leave it out; the user name at the provider belongs in 'auth'.",
    });
  const transport = stated.transport ?? wanted ?? "udp";
  const port = stated.port ?? (stated.isName ? undefined : defaultPorts[transport]);
  return { host: stated.host, ...(port === undefined ? {} : { port }), transport };
}

function resolveCallers(
  draft: readonly string[],
  at: JsonPointer,
  { plan, report }: OutboundContext,
): NumberEntry[] {
  const seen = new Map<string, NumberEntry>();
  for (const [i, text] of draft.entries()) {
    const place = join(at, i);
    const number = resolveNumber(text, plan, place, report);
    if (number === undefined) continue;
    const twin = seen.get(number);
    if (twin === undefined) seen.set(number, { at: place, number });
    else reportRepeated(text, place, twin.at, report);
  }
  return sortedBy([...seen.values()], (entry) => entry.number);
}

function prefixes(
  draft: readonly string[] | undefined,
  at: JsonPointer,
  report: Report,
): PrefixEntry[] | undefined {
  if (draft === undefined) return undefined;
  const seen = new Map<string, PrefixEntry>();
  for (const [i, prefix] of draft.entries()) {
    const twin = seen.get(prefix);
    if (twin === undefined) seen.set(prefix, { at: join(at, i), prefix });
    else reportRepeated(prefix, join(at, i), twin.at, report);
  }
  return sortedBy([...seen.values()], (entry) => entry.prefix);
}

function resolveRegistration(
  draft: OutboundDraft,
  section: JsonPointer,
  first: OutboundTarget,
  { trunk, report }: OutboundContext,
): RegistrationModel | undefined {
  if (draft.register === undefined) return undefined;
  const at = join(section, "register");
  const wish = draft.register === true ? {} : draft.register;
  const { host, port, transport } = first;
  const registrar =
    wish.registrar === undefined
      ? { host, ...(port === undefined ? {} : { port }), transport }
      : resolveHost(wish.registrar, join(at, "registrar"), { at: section, draft }, report);
  if (registrar === undefined) return undefined;
  return { at, registrar, expires: wish.expires ?? 300, contact_user: wish.contact_user ?? trunk };
}
