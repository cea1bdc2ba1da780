/** What the tests have to show, row by row. A test names the rows that it shows: `shows("document/tls")`. */

/** The features of the SIP document. */
export const documentRows = {
  "document/ip-allowlist": "Authentication: IP allowlist",
  "document/digest": "Authentication: digest",
  "document/transports": "Endpoint: SIP over UDP, TCP and TLS",
  "document/outbound": "Outbound calls over the trunk, with its credentials and caller id",
  "document/backup-trunk": "Outbound calls over a backup trunk where the first one fails",
  "document/registration": "Registration at a provider",
  "document/to-user": "Inbound routing by user",
  "document/to-uri": "Inbound routing by called number (DID)",
  "document/firewall": "Firewall: SIP and RTP ports, and nothing else",
  "document/codecs": "Codecs: G.711 mu-law, G.711 A-law and Opus",
  "document/codec-priority": "Codec priority",
  "document/asterisk": "PBX integration: the Asterisk sample as it stands",
  "document/headers-inbound": "Custom headers, inbound: header to variable",
  "document/headers-outbound": "Custom headers, outbound: variable to header",
  "document/caller-id": "P-Asserted-Identity and Remote-Party-ID",
  "document/tls": "TLS for signalling",
  "document/srtp": "SRTP for media",
  "document/qos": "QoS: marking of signalling and media",
  "document/nat": "NAT traversal and symmetric RTP",
} as const;

/** What an edge must do right in calls; each has cost some system an outage. */
export const behaviourRows = {
  "behaviour/01-basic-call": "A basic call, and either side hangs up",
  "behaviour/02-cancel": "CANCEL while it rings: 487 and its ACK",
  "behaviour/03-cancel-race": "CANCEL that crosses the 100 or the 200",
  "behaviour/04-bye-glare": "Both sides hang up at once",
  "behaviour/05-repeated-invite": "An INVITE that comes again, before and after the 180",
  "behaviour/06-ack": "The ACK of a refusal is absorbed, an ACK of nothing ignored",
  "behaviour/07-failover": "Failover on refusals over three peers",
  "behaviour/08-silent-peer": "A silent peer is given up in bounded time",
  "behaviour/09-redirect": "302, to another host and to a tel URI",
  "behaviour/10-loop": "A forward loop ends: Max-Forwards",
  "behaviour/11-late-offer": "An INVITE without an offer",
  "behaviour/12-hold": "Hold: sendonly, inactive, c=0.0.0.0",
  "behaviour/13-re-invite": "re-INVITE of both sides: accepted, rejected, delayed, with a malformed ACK",
  "behaviour/14-glare": "re-INVITEs that cross (491), and one that comes after the BYE",
  "behaviour/15-prack-update": "UPDATE, PRACK, 100rel required, several To tags",
  "behaviour/16-forking": "Two branches ring, one answers",
  "behaviour/17-session-timers": "Session timers of one side and of both, and 422",
  "behaviour/18-refer": "REFER: accepted, rejected, challenged, to a human",
  "behaviour/19-early-media": "183 with media, 183 and 180 in any order and number",
  "behaviour/20-transports": "TCP on one side and UDP on the other, with a re-INVITE",
  "behaviour/21-connections": "A connection serves more than one call",
  "behaviour/22-nat": "Requests within a call behind NAT",
  "behaviour/23-broken-sdp": "Broken SDP: no c=, no rtpmap, empty parts, unknown types",
  "behaviour/24-broken-messages": "Broken URIs, CSeq and headers",
  "behaviour/25-digest": "Digest: realms, algorithms, wrong passwords, loops, challenges within a call",
  "behaviour/26-limits": "Limits of calls, in and out, ringing ones among them",
  "behaviour/27-hiding": "No side learns of the other from any header",
  "behaviour/28-trust": "Headers across the border of trust",
  "behaviour/29-media-timeout": "A call without media ends, on hold too",
  "behaviour/30-deaf-peer": "A TCP peer that does not read stalls nobody",
} as const;

export type Row = keyof typeof documentRows | keyof typeof behaviourRows;

/** The tables of a run, in order. */
export const tables: readonly { readonly title: string; readonly rows: Readonly<Record<string, string>> }[] =
  [
    { title: "The SIP document", rows: documentRows },
    { title: "Behaviours of calls", rows: behaviourRows },
  ];
