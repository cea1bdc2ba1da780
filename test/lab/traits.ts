/** What SIP messages tell of who sent them: where that is, what it runs, its keys and its credentials. */
import { headerValues } from "../../src/phone/message.ts";

const places = ["Via", "Contact", "From", "Record-Route", "Route", "Path", "P-Asserted-Identity"] as const;
const names = ["User-Agent", "Server", "Organization", "Date"] as const;
const credentials = [
  "Authorization",
  "Proxy-Authorization",
  "WWW-Authenticate",
  "Proxy-Authenticate",
  "Authentication-Info",
] as const;

/** Hosts of URIs and of Via values. */
function hosts(value: string): readonly string[] {
  return [
    ...[...value.matchAll(/sips?:(?:[^@>\s;]*@)?(\[[^\]]+\]|[^\s:;>?]+)/gi)].map((m) => m[1] ?? ""),
    ...[...value.matchAll(/^SIP\s*\/\s*2\.0\s*\/\s*\w+\s+(\[[^\]]+\]|[^\s:;]+)/gi)].map((m) => m[1] ?? ""),
  ].map((host) => host.replace(/^\[|\]$/g, ""));
}

function ofBody(body: string): readonly string[] {
  const found = (pattern: RegExp): string[] => [...body.matchAll(pattern)].map((m) => m[1] ?? "");
  return [
    ...found(/^o=(\S+) /gm),
    ...found(/^s=(.*)$/gm),
    ...found(/IN IP[46] (\S+)/g),
    // RFC 4568: the key and salt, without the lifetime.
    ...found(/inline:([A-Za-z0-9+/=]+)/g),
    ...found(/^a=fingerprint:\S+ (\S+)/gm),
    ...found(/^a=tool:(.*)$/gm),
    // RFC 5576: a URI, user@host or a random word.
    ...found(/cname:(\S+)/g).map((cname) => cname.split("@").at(-1) ?? ""),
  ];
}

/**
 * Words for `leaks`: addresses and host names, branches, names of programs, credentials, keys of SRTP, and values of the
 * headers that are named beside. Numbers and user names are left out, since a call needs to say them.
 */
export function traits(
  messages: readonly { readonly text: string }[],
  headers: readonly string[] = [],
): readonly string[] {
  const all = messages.flatMap(({ text: traced }) => {
    const text = traced.replaceAll("\r\n", "\n").replaceAll("\n", "\r\n");
    const values = (list: readonly string[]): readonly string[] =>
      list.flatMap((name) => headerValues(text, name));
    return [
      ...values(places).flatMap(hosts),
      ...values(["Via"]).flatMap((v) => /branch=(?:z9hG4bK)?([^;,\s]+)/.exec(v)?.[1] ?? []),
      ...values(names),
      ...values(headers),
      ...values(credentials).flatMap((v) => [...v.matchAll(/="([^"]{4,})"/g)].map((m) => m[1] ?? "")),
      ...ofBody(text.slice(text.indexOf("\r\n\r\n") + 4)),
    ];
  });
  return [...new Set(all.map((word) => word.trim()))].filter((word) => word.length > 3);
}
