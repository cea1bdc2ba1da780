/** The messages of RFC 4475 and RFC 5118 as they go on the wire, with what the RFCs expect of each. */
import { readFileSync } from "node:fs";

export interface TortureMessage {
  readonly rfc: "4475" | "5118";
  readonly name: string;
  readonly section: string;
  readonly title: string;
  /** In the words of the RFC, shortened. */
  readonly expected: string;
  /** False where the RFC calls the message invalid, or not for a proxy to pass on. */
  readonly mayReachAgent: boolean;
  readonly bytes: Buffer;
}

/** RFC 5118 prints lengths of bodies with bare LF; these are the lengths as sent. */
const bodyLengths: Readonly<Record<string, number>> = {
  "ipv6-in-sdp": 251,
  "mult-ip-in-sdp": 189,
  "ipv4-mapped-ipv6": 245,
};

const folder = new URL("data/", import.meta.url);

/** All messages, in the order of their sections. */
export function tortureMessages(): readonly TortureMessage[] {
  const [, ...rows] = readFileSync(new URL("expectations.tsv", folder), "utf8").trimEnd().split("\n");
  return rows.map((row) => {
    const [rfc = "", name = "", section = "", title = "", expected = "", may = ""] = row.split("\t");
    if (rfc !== "4475" && rfc !== "5118") throw new Error(`no RFC ${rfc}`);
    const bytes = rfc === "4475" ? readFileSync(new URL(`rfc4475/${name}.dat`, folder)) : asSent(name);
    return { rfc, name, section, title, expected, mayReachAgent: may === "yes", bytes };
  });
}

/** CRLF for LF, the empty line after the headers where it is missing, and the length of the body as it then is. */
function asSent(name: string): Buffer {
  const text = readFileSync(new URL(`rfc5118/${name}`, folder), "latin1").trimEnd();
  const cut = text.indexOf("\n\n");
  const headers = cut < 0 ? text : text.slice(0, cut);
  const body = cut < 0 ? "" : `${text.slice(cut + 2)}\n`.replaceAll("\n", "\r\n");
  const length = bodyLengths[name] ?? 0;
  if (body.length !== length) throw new Error(`the body of ${name} has ${body.length} octets`);
  const head = headers.replace(/^Content-Length:.*$/m, `Content-Length: ${length}`);
  return Buffer.from(`${head.replaceAll("\n", "\r\n")}\r\n\r\n${body}`, "latin1");
}
