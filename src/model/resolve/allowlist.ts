/** Lists of source addresses. */
import { type JsonPointer, join } from "../../core/pointer.ts";
import type { IpNetwork } from "../model.ts";
import { resolveNetwork } from "./address.ts";
import type { Report } from "./report.ts";

/** Reads a list of addresses and networks; an empty one is an error (CREW2107), a repeated entry a warning (CREW2116). */
export function resolveAllowlist(
  texts: readonly string[],
  at: JsonPointer,
  whose: string,
  report: Report,
): IpNetwork[] {
  if (texts.length === 0)
    report({
      code: "CREW2107",
      severity: "error",
      pointer: at,
      message: "The allowlist is empty.",
      why: "An empty list could be read as 'allow nobody' or as 'allow everybody'; crew does not guess.",
      help: `Name the addresses of ${whose}.`,
    });
  const networks: IpNetwork[] = [];
  for (const [i, text] of texts.entries()) {
    const network = resolveNetwork(text, join(at, i), report);
    if (network === undefined) continue;
    const twin = networks.find((n) => n.address === network.address && n.prefix === network.prefix);
    if (twin === undefined) networks.push(network);
    else reportRepeated(text, network.at, twin.at, report);
  }
  return networks;
}

/** An entry of a list that says nothing new. */
export function reportRepeated(text: string, at: JsonPointer, first: JsonPointer, report: Report): void {
  report({
    code: "CREW2116",
    severity: "warning",
    pointer: at,
    message: `'${text}' stands in the list twice.`,
    related: [{ pointer: first, label: "first here" }],
  });
}
