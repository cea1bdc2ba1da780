/** What the templates of kamailio.cfg see of a doc. */
import { bracketed } from "../../core/host.ts";
import { type Context, trusted } from "../escape/escaped.ts";
import type { Grouping, KamailioDoc, RuleField } from "./doc.ts";
import { type CfgGrammar, type KamToken, kamComment, kamString, kamToken } from "./escape.ts";
import { agentGroups, socketTest } from "./side.ts";
import { carrierUdp, foreignHosts, innerHosts, leaving, onlyUdp, usualHost } from "./sockets.ts";

// rtpengine flags (ng protocol). Origin and addresses are the edge's own; no ICE, plain RTP, RTCP on its own port and of the relay's
// own making: that of the other side says who it is (CNAME, RFC 3550 section 6.5.1, mostly user@host). From 12.5 on
// the connection line is always replaced, and the relay reads flags as text ("none": no branch), which costs less.
// The source stands in the flags there, as Kamailio sends it only beside flags that it read itself.
const mediaBase = (profile: string): string =>
  `replace-origin ICE=remove rtcp-mux-demux generate-RTCP ${profile}received-from=$si call-id=$avp(id)`;
const plainProfile = "transport-protocol=RTP/AVP";
const olderMediaBase =
  "replace-origin replace-session-connection ICE=remove rtcp-mux-demux generate-RTCP RTP/AVP call-id=$avp(id)";
// Only the signalled address may send and receives; or the first packets say where, and then only from there.
const pinned = "endpoint-learning-off strict-source";
const learned = "SIP-source-address endpoint-learning-heuristic strict-source recrypt";

const keptHeaders = [
  ...["Supported", "k", "Require", "Proxy-Require", "Unsupported", "Allow", "Accept"],
  ...["Session-Expires", "x", "Min-SE", "RSeq", "RAck", "Reason", "Retry-After"],
  ...["Content-Disposition", "Content-Encoding", "e", "Content-Language", "MIME-Version"],
];

/** What REFER and NOTIFY have beside (RFC 3515, 4488). */
const referHeaders = ["Event", "o", "Subscription-State", "Refer-Sub"];

/** Whether an answer leads to the next target; `failover` of a trunk overrides it. */
const usualFailures = [
  [408, 430, 480, 500, 502],
  [503, 504, 580],
]
  .map((codes) => codes.map((code) => `$var(code) == ${code}`).join(" || "))
  .join("\n\t\t\t|| ");

const payloadTypes = { PCMU: 0, PCMA: 8, G722: 9 } as const;

/** The context of `templates/kamailio/kamailio.cfg.hbs`. Constants of the script are trusted; all else is escaped here. */
export function cfgContext(doc: KamailioDoc, media: boolean): Context<CfgGrammar> {
  const { has } = doc;
  const passwords = has.digest || has.agentDigest;
  const algorithm = doc.algorithm ?? doc.agentAlgorithm ?? "MD5";
  const nat = has.nat && media;
  const srtp = has.srtp && media;
  const transcode = has.transcode && media;
  const dtmf = has.dtmf && media;
  const labelled = has.limits ? " label=$avp(label)" : "";
  const constant = (text: string): KamToken => trusted(text);
  return {
    edge: kamComment(doc.edge),
    line: kamComment(doc.line),
    tcp: has.tcp,
    tls: has.tls,
    ...tlsContext(doc),
    certificates: has.certificates,
    tcp_guard: doc.line !== "5.6",
    late_replies: doc.line === "6.1",
    relay_ping: doc.line !== "5.6",
    loopback: doc.listeners.some((l) => l.name.startsWith("carrier") && /^127\.|^::1$/.test(l.address)),
    listeners: doc.listeners.map((l) => ({
      comment: kamComment(l.property),
      proto: kamToken(l.transport),
      address: kamToken(bracketed(l.address)),
      port: l.port,
      advertised: l.advertised === undefined ? false : kamToken(bracketed(l.advertised)),
      name: kamToken(l.name),
      origin: { origin: l.at },
    })),
    aliases: doc.aliases.map((a) => ({
      comment: kamComment("network › hostname"),
      host: kamToken(a.host),
      origin: { origin: a.at },
    })),
    carrier_test: socketTest(doc, "carrier"),
    agents_test: socketTest(doc, "agents"),
    foreign_hosts: foreignHosts(doc),
    private_hosts: constant(privateHosts),
    inner: innerHosts(doc),
    usual_host: usualHost(doc.listeners),
    sides: [
      { side: constant("carrier"), name: constant("CARRIERS"), ...leaving(doc.listeners, "carrier") },
      { side: constant("agent"), name: constant("AGENTS"), ...leaving(doc.listeners, "agents") },
    ],
    modules: modulesOf(doc, media).map(constant),
    // Checks of the sanity module: 18407 is its usual set and Proxy-Require; 4096 duplicate tags; 2048 and 8192 credentials.
    sanity: passwords ? 32743 : 22503,
    // Version, method and number of CSeq, Content-Length, Proxy-Require, duplicate tags, first Via; credentials.
    sanity_within: passwords ? 31457 : 21217,
    kept_headers: constant(`^(${[...keptHeaders, ...(has.refer ? referHeaders : [])].join("|")})$`),
    media,
    nat,
    block: has.block && media,
    families: has.families && media,
    family: constant(has.families ? " $var(family)" : ""),
    srtp,
    transcode,
    rates: has.rates,
    unlike: srtp || transcode,
    legs_differ: nat || srtp || transcode,
    plain_profile: constant(plainProfile),
    media_base: constant(`${mediaBaseOf(doc.line, srtp)}${dtmf ? " $avp(inject)" : ""}`),
    dtmf,
    digits_out: has.digitsOut && media,
    // Uppercase: the agent's requests get a CSeq of the edge's own.
    offer_letter: constant(has.digitsOut && media ? "$var(offer)" : "$var(sdp)"),
    events: constant(has.digitsOut && media ? " $var(events)" : ""),
    agent_digits: constant(has.digitsOut && media ? " $avp(block)" : ""),
    again: has.outbound || (has.digitsOut && media),
    codec_flags: constant(transcode ? " $var(codecs)" : ""),
    flags_as_text: constant(flagsAsText(doc.line)),
    ...relayCalls(doc.line, srtp),
    pinned: constant(pinned),
    learned: constant(learned),
    learned_elsewhere: constant(learned.replace("SIP-source-address ", "")),
    carrier_leg: constant(nat ? "$var(flags)" : pinned),
    agent_leg: constant(nat ? "$var(flags)" : pinned),
    legs: constant(legs({ nat, srtp, transcode })),
    claim_source: constant(passwords ? "$var(origin)" : "-"),
    // As text: a template takes the number 0, which is PCMU's, for nothing.
    first_type: doc.universal === undefined ? false : constant(`${payloadTypes[doc.universal]}`),
    first_name: doc.universal === undefined ? false : kamToken(doc.universal),
    static_codecs: doc.codecs.flatMap((name) =>
      name === "opus" ? [] : [{ name: kamToken(name), type: payloadTypes[name] }],
    ),
    opus: doc.codecs.includes("opus"),
    digest: has.digest,
    agent_digest: has.agentDigest,
    passwords,
    agent_realm: kamString(doc.agentRealm ?? ""),
    agent_realms: has.agentRealms,
    agent_algorithm: kamToken(doc.agentAlgorithm ?? "MD5"),
    agent_prefixes: agentGroups(doc),
    agents_anywhere: has.agentDigest || has.agentNetworks,
    dialler: constant(has.agentDigest || has.agentNetworks ? "avp(dialler)" : "si"),
    realm: kamString(doc.realm ?? ""),
    realms: has.realms,
    algorithm: kamToken(algorithm),
    sha256: algorithm === "SHA-256" && !has.mixedAlgorithms,
    mixed_algorithms: has.mixedAlgorithms,
    carrier_algorithms: has.mixedAlgorithms && has.digest,
    dummy_hash: constant("0".repeat(algorithm === "SHA-256" ? 64 : 32)),
    usual_failures: constant(usualFailures),
    failover: has.failover,
    limits: has.limits,
    directions: has.directions,
    reserve: has.reserve,
    paced: has.paced,
    ends: has.ends && media,
    // What a session counts for, kept with it by the media relay; with the callee's leg, how the edge can end the call.
    label: constant(labelled),
    answer_label: constant(has.ends ? "$var(kept)" : ""),
    late_label: constant(has.ends ? "$var(kept)" : labelled),
    moved_label: constant(has.ends ? "$var(moved)" : ""),
    outbound: has.outbound,
    forwards: has.forwards,
    from_agents: constant(has.forwards ? "direction=$avp(enters)" : "direction=agents"),
    to_agents: constant(has.forwards ? "direction=$avp(enters)" : "direction=agents"),
    outbound_routes: has.outboundRoutes,
    registrar: has.registrar,
    ...carrierUdp(doc.listeners),
    registrations: has.registrations,
    learned_registrars: has.learnedRegistrars,
    contact_users: has.contactUsers,
    contacts_among_sources: has.contactsAmongSources,
    cseqno: doc.line !== "5.6",
    outbound_names: has.outboundNames,
    resolves: has.outboundNames || has.hostAgents,
    // Whether the media address of a new call's caller is learned.
    learned_caller: constant(
      has.outbound
        ? '($var(direction) == "i" && $var(carrier_leg) == "l") || ($var(direction) != "i" && $avp(leg) == "l")'
        : '$var(carrier_leg) == "l"',
    ),
    // Of a call that it forgets the relay then tells no statistics, which nobody reads.
    fast: doc.line === "6.1",
    udp_workers: constant(has.outboundNames || has.hostAgents ? "2" : "1"),
    // A UDP socket of one worker gets a message and its copies in turn, unless the transaction waits meanwhile.
    concurrent: has.outboundNames || has.hostAgents || has.paced || has.tlsAgents || has.tlsCarriers,
    agents_udp: onlyUdp(doc.listeners),
    refer: has.refer,
    // Methods that have a Contact of their own, which is masked.
    contact_methods: constant(has.refer ? "INVITE|UPDATE|REFER|NOTIFY" : "INVITE|UPDATE"),
    e164: has.numbers || has.outbound || has.refer,
    prefixes_of_numbers: has.outbound || has.refer,
    // Whether the sender of a request within a call is its caller.
    calling: constant(has.outbound ? "$var(calling) == 1" : "$var(side) == 1"),
    responses: has.responses,
    refusals: has.refusals,
    numbers: has.numbers,
    places: has.places,
    grouped: has.grouped,
    dense: has.dense,
    early: has.dense && !has.places && !has.contactUsers,
    ...entryOf(doc),
    rules: has.rules,
    callers: has.callers,
    ...conditions(doc),
    plan: has.plan,
    privacy: has.identity || has.outbound,
    identity: has.identity,
    sources: has.sources,
    variables: has.variables,
    headers_out: has.headersOut,
    caller: constant(has.identity ? "avp(caller)" : "fU"),
    ring: has.ring,
    session_timers: has.sessionTimers,
    usual_interval: has.usualInterval ?? false,
    agent_users: has.agentUsers,
    host_agents: has.hostAgents,
    cidr: has.cidr,
    prefixes: [...new Set(doc.networks.map((n) => n.prefix))].sort((a, b) => b - a),
    max_subnets: Math.max(512, doc.networks.length + doc.agentNetworks.length),
    max_rows: Math.max(100_000, ...doc.tables.map((t) => t.rows?.length ?? 0)) + 1,
    tables: doc.tables.map((t) => ({
      name: kamToken(t.name),
      comment: kamComment(t.about),
      bits: t.bits,
      stored: t.rows !== undefined && t.rows.length > 0,
      expire: t.expire ?? false,
      counter: t.counter ?? false,
    })),
    agents_host: kamString(doc.agentsHost),
    identity_host: kamString(doc.identityHost),
  };
}

/** How the script finds an entry and reads it; only what the config decides, the rest stands in the template. */
function entryOf({ grouping: g, codeWidth = 1, has }: KamailioDoc): Context<CfgGrammar> {
  const between = has.grouped || has.dense ? "/" : "^";
  return {
    wide: codeWidth > 1,
    code_width: codeWidth,
    code_cell: trusted(`{s.substr,$var(column),${codeWidth}}`),
    entry_row: g !== undefined && trusted(rowOf(g)),
    entry_lead: g !== undefined && trusted(g.lead),
    none: trusted(g === undefined ? "$null" : '""'),
    hit_place: trusted(`$(vn(hit){s.select,0,${between}}{s.int})`),
    hit_chain: trusted(`$(vn(hit){s.select,1,${between}})`),
  };
}

function rowOf({ by, characters }: Grouping): string {
  return by === "end" ? `{s.substr,-${characters + 1},0}` : `{s.md5}{s.substr,0,${characters}}`;
}

/** Where the fields of a rule stand that only some edges have; 0 to 6 are the same everywhere. */
function conditions({ ruleFields, clock }: KamailioDoc) {
  const place = (name: RuleField): number | false => {
    const at = ruleFields.indexOf(name);
    return at >= 0 && at;
  };
  return {
    rule_fields: trusted<CfgGrammar>(ruleFields.join(" ^ ")),
    conditions: ruleFields.length > 7,
    pattern_field: place("to_pattern"),
    header_field: place("header"),
    hours_field: place("hours"),
    not_hours_field: place("not_hours"),
    clocks: clock !== undefined,
    clock_first: clock?.first ?? 0,
    clock_cycle: clock?.cycle ?? 0,
    clock_base: clock === undefined ? 0 : clock.first - clock.cycle,
  };
}

function mediaBaseOf(line: KamailioDoc["line"], srtp: boolean): string {
  if (line === "5.6") return olderMediaBase;
  return mediaBase(srtp ? "" : `${plainProfile} `);
}

const flagsAsText = (line: KamailioDoc["line"]): string => (line === "5.6" ? "" : ', "none"');

/** A call of the media relay that says whether it fails is `{{relay_offer}}"flags"{{as_offer}}`. */
function relayCalls(line: KamailioDoc["line"], srtp: boolean) {
  const plain = `${flagsAsText(line)})`;
  return {
    relay_offer: trusted<CfgGrammar>(srtp ? '(pv_printf("$var(to_relay)", ' : "!rtpengine_offer("),
    as_offer: trusted<CfgGrammar>(srtp ? ") && !route(RELAY_OFFER))" : plain),
    relay_answer: trusted<CfgGrammar>(srtp ? '(pv_printf("$var(to_relay)", ' : "!rtpengine_answer("),
    as_answer: trusted<CfgGrammar>(srtp ? ") && !route(RELAY_ANSWER))" : plain),
  };
}

/** What a claim says of the two legs: learned, encrypted, and, of transcoded calls, the codecs. */
function legs(has: { readonly nat: boolean; readonly srtp: boolean; readonly transcode: boolean }): string {
  const learning = has.nat ? "$var(carrier_leg)$avp(leg)" : "pp";
  const encrypted = has.srtp ? "$var(carrier_profile)$var(agent_profile)" : has.transcode ? "pp" : "";
  return `${learning}${encrypted}${has.transcode ? "$var(lists)" : ""}`;
}

/** Hosts that mean something else on every network, as a pattern of the script. */
const privateHosts = String.raw`^(0|10|127|169\.254|172\.(1[6-9]|2[0-9]|3[01])|192\.168)\.|^localhost$|^\[(::1|f[cd].*|fe80.*)\]$`;

/** Whom the edge asks over TLS who they are, and from which sockets. */
function tlsContext({ has, listeners }: KamailioDoc): Context<CfgGrammar> {
  const socket = (name: string): KamToken | false => {
    const own = listeners.find((l) => l.name === name);
    return own !== undefined && trusted(`tls:${kamToken(bracketed(own.address))}:${own.port}`);
  };
  const second = socket("carrier6_tls");
  return {
    tls_proof: has.tlsAgents || has.tlsCarriers,
    tls_agents: has.tlsAgents,
    tls_names: has.tlsNames,
    tls_carriers: has.tlsCarriers,
    tls_outbound: has.tlsOutbound,
    tls_registrars: has.tlsRegistrars,
    tls_forwards: has.tlsCarriers && has.forwards,
    server_names: has.tlsNames || has.tlsCarriers,
    own_requests: has.tlsAgents || has.tlsCarriers || has.registrations,
    agents_tls: socket("agents_tls"),
    carriers_tls: socket("carrier_tls") || second,
    carriers_tls6: second,
  };
}

function modulesOf(doc: KamailioDoc, media: boolean): string[] {
  return [
    // OpenSSL wants to be there before any other library keeps state for each thread.
    ...(doc.has.tls ? ["tls"] : []),
    ...["db_text", "ctl", "jsonrpcs", "kex", "corex", "pv", "xlog", "tm", "tmx", "sl", "maxfwd", "sanity"],
    ...["siputils", "textops", "textopsx", "cfgutils", "htable", "dispatcher"],
    ...(doc.has.tcp ? ["cfg_rpc"] : []),
    ...(doc.has.cidr ? ["permissions"] : []),
    ...(doc.has.digest || doc.has.agentDigest ? ["auth"] : []),
    ...(doc.has.tlsAgents || doc.has.tlsCarriers || (doc.has.registrar && doc.has.tcp) ? ["tcpops"] : []),
    ...(doc.has.tlsAgents || doc.has.tlsCarriers || doc.has.registrations || doc.has.registrar
      ? ["uac"]
      : []),
    ...(doc.has.tlsNames || doc.has.tlsOutbound || doc.has.registrations || doc.has.registrar
      ? ["rtimer"]
      : []),
    ...(media ? ["rtpengine"] : []),
    ...(doc.has.limits ? ["evrexec"] : []),
    ...(doc.has.paced ? ["async"] : []),
    "crypto",
  ];
}
