/** An IP address or host name as `host` stands in URIs, Via and socket names: IPv6 in brackets (RFC 3261 section 25.1, RFC 5118). */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
