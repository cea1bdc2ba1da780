/** Header fields that belong to the protocol or to crew; configs may not pass or set them. */

/** RFC 3261 and its extensions: fields that say where a message goes, what it belongs to, who sends it, or what its body is. */
const protocol: readonly string[] = [
  "accept",
  "accept-contact",
  "accept-encoding",
  "accept-language",
  "alert-info",
  "allow",
  "allow-events",
  "authentication-info",
  "authorization",
  "call-id",
  "call-info",
  "contact",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-type",
  "cseq",
  "date",
  "diversion",
  "error-info",
  "event",
  "expires",
  "from",
  "history-info",
  "identity",
  "in-reply-to",
  "join",
  "max-breadth",
  "max-forwards",
  "mime-version",
  "min-expires",
  "min-se",
  "p-access-network-info",
  "p-asserted-identity",
  "p-charging-vector",
  "p-preferred-identity",
  "path",
  "privacy",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-require",
  "rack",
  "reason",
  "record-route",
  "refer-to",
  "referred-by",
  "reject-contact",
  "remote-party-id",
  "replaces",
  "replies",
  "request-disposition",
  "require",
  "retry-after",
  "route",
  "rseq",
  "security-client",
  "security-server",
  "security-verify",
  "server",
  "service-route",
  "session-expires",
  "sip-etag",
  "sip-if-match",
  "subscription-state",
  "supported",
  "target-dialog",
  "timestamp",
  "to",
  "unsupported",
  "user-agent",
  "via",
  "warning",
  "www-authenticate",
];

/** One-letter forms (IANA registry "SIP Header Fields"). */
const compact: Readonly<Record<string, string>> = {
  a: "accept-contact",
  b: "referred-by",
  c: "content-type",
  d: "request-disposition",
  e: "content-encoding",
  f: "from",
  i: "call-id",
  j: "reject-contact",
  k: "supported",
  l: "content-length",
  m: "contact",
  n: "identity-info",
  o: "event",
  r: "refer-to",
  s: "subject",
  t: "to",
  u: "allow-events",
  v: "via",
  x: "session-expires",
  y: "identity",
};

const reserved: ReadonlySet<string> = new Set(protocol);

/** Why a header may not be named; `undefined` where it may. */
export function reservedHeader(name: string): string | undefined {
  const lower = name.toLowerCase();
  const long = compact[lower];
  if (long !== undefined) return `'${name}' is the short form of ${long}, which belongs to the protocol`;
  if (lower.startsWith("x-crew-"))
    return `'${name}' belongs to crew: X-Crew-* never crosses to or from the carrier side`;
  return reserved.has(lower) ? `'${name}' belongs to the protocol` : undefined;
}

/** Fields of the protocol that say something of the call itself, so that a route may look at them. */
const tellingOfCalls: ReadonlySet<string> = new Set([
  "accept-language",
  "alert-info",
  "call-info",
  "diversion",
  "history-info",
  "privacy",
  "reason",
  "referred-by",
  "user-agent",
]);

/** Why a route may not look at a header; `undefined` where it may. */
export function reservedCondition(name: string): string | undefined {
  return tellingOfCalls.has(name.toLowerCase()) ? undefined : reservedHeader(name);
}
