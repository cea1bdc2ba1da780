/**
 * The grammar of nft(8) scripts. Strings have no escape there, numbers with a leading zero are octal and names are looked
 * up in DNS, so that each value is checked against the one form in which nft takes it for what it is.
 */
import { isIP } from "node:net";
import { commentText } from "../escape/comment.ts";
import { type Escaped, EscapeError, trusted } from "../escape/escaped.ts";

export type Nft = "nft.token" | "nft.string" | "nft.comment";

/** Longest comment of a rule that the kernel keeps, in bytes of UTF-8. */
const commentBytes = 128;

/** The name of a table, chain or set. Throws on anything but letters, digits, `_` and `-`, starting with a letter. */
export function nftName(name: string): Escaped<"nft.token"> {
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name)) throw new EscapeError("nft.name", JSON.stringify(name));
  return trusted(name);
}

/** An address in the form of RFC 5952, since nft reads only some of the others: no host name, no octal, no zone. */
export function nftAddress(address: string): Escaped<"nft.token"> {
  if (!/^[0-9a-f:.]+$/.test(address)) throw new EscapeError("nft.address", JSON.stringify(address));
  switch (isIP(address)) {
    case 4:
      return trusted(address);
    case 6:
      return trusted(new URL(`http://[${address}]`).hostname.slice(1, -1));
    default:
      throw new EscapeError("nft.address", JSON.stringify(address));
  }
}

/** A network, or an address where the prefix covers all of it. */
export function nftNetwork(address: string, prefix: number): Escaped<"nft.token"> {
  const all = address.includes(":") ? 128 : 32;
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > all)
    throw new EscapeError("nft.network", `${JSON.stringify(address)} prefix ${prefix}`);
  return prefix === all ? nftAddress(address) : trusted(`${nftAddress(address)}/${prefix}`);
}

/** A port number. */
export function nftPort(port: number): Escaped<"nft.token"> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new EscapeError("nft.port", String(port));
  return trusted(String(port));
}

/** A word of nft's own, from the fixed set that the caller knows. */
export function nftWord<W extends string>(word: W, words: readonly W[]): Escaped<"nft.token"> {
  if (!words.includes(word)) throw new EscapeError("nft.word", JSON.stringify(word));
  return trusted(word);
}

/** The comment of a rule, with its quotes: cut to what the kernel keeps, `"` as `'`, what is unprintable as a space. */
export function nftString(text: string): Escaped<"nft.string"> {
  let kept = "";
  let bytes = 0;
  for (const character of commentText(text).replaceAll('"', "'")) {
    bytes += Buffer.byteLength(character);
    if (bytes > commentBytes) break;
    kept += character;
  }
  return trusted(`"${kept}"`);
}

/** The text of a `#` comment line; what would end the line becomes a space. A `\` at the end would join the next line. */
export function nftComment(text: string): Escaped<"nft.comment"> {
  return trusted(commentText(text).replaceAll("\\", "/"));
}
