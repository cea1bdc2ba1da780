/** A baresip that speaks nothing but Opus, keyed by SDES over TLS, and what it hears of digits. */
import type { PhoneOptions } from "../../src/phone/baresip.ts";
import type { Certificate } from "./certificates.ts";

/** As `baresip` of a test caller or agent, or among the options of a phone: it listens for TLS on its port + 1. */
export const secureOpus = (
  certificate: Certificate,
): Pick<PhoneOptions, "codecs" | "mediaEncryption" | "tls"> => ({
  codecs: ["opus/48000/2"],
  mediaEncryption: "srtp-mand",
  tls: { certificateAndKey: certificate.both, ca: certificate.ca },
});

/** The digits that a baresip got as telephone-events (RFC 4733), from these lines of its output. */
export function digitsHeard(lines: readonly string[]): string {
  return lines.map((line) => /received in-band DTMF event: '(.)' \(end=1\)/.exec(line)?.[1] ?? "").join("");
}
