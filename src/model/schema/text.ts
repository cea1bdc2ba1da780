/** The value grammars that every other schema file builds on. Lengths are bounded so that no value can grow an artifact without limit. */
import { z } from "zod";

/** Grammars that a long list of routes is read by, beside the schemas that are made of them. */
export const patterns = {
  identifier: /^[A-Za-z][A-Za-z0-9_-]{0,31}$/,
  sipUser: /^[A-Za-z0-9\-_.!~*'()&=+$,;?/]{1,64}$/,
  number: /^(?:tel:|sips?:)?\+?[0-9(][0-9 ().-]{0,30}(?:@[A-Za-z0-9.:[\]-]{1,255})?$/,
} as const;

/** Names that become identifiers in artifacts: letters, digits, `_` and `-`, at most 32, starting with a letter. */
export const identifier = z
  .string()
  .regex(patterns.identifier, "must be 1 to 32 letters, digits, '_' or '-', starting with a letter");

/** The user part of a SIP URI as RFC 3261 section 25.1 allows it without escapes. */
export const sipUser = z
  .string()
  .regex(patterns.sipUser, "must be 1 to 64 characters that a SIP user part allows (RFC 3261 section 25.1)");

/** A number in any of the forms that `country` can complete; E.164 after resolution. */
export const number = z.string().regex(patterns.number, "must be a telephone number such as +14155551111");

export const hostName = z
  .string()
  .max(253)
  .regex(
    /^(?=.*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))*\.?$/,
    "must be a host name",
  );

/** An IPv4 or IPv6 address; octal, hexadecimal and shortened IPv4 forms are refused when it is resolved. */
export const ipAddress = z.string().regex(/^[0-9A-Fa-f:.]{2,45}$/, "must be an IPv4 or IPv6 address");

export const ipNetwork = z
  .string()
  .regex(
    /^[0-9A-Fa-f:.]{2,45}(?:\/[0-9]{1,3})?$/,
    "must be an IPv4 or IPv6 address or network such as 203.0.113.16/28",
  );

/** `sip:[user@]host[:port][;transport=…]`; the details are checked when it is resolved. */
export const sipUri = z
  .string()
  .max(300)
  .regex(
    /^[Ss][Ii][Pp][Ss]?:[A-Za-z0-9\-_.!~*'()%:@&=+$,;?/[\]]+$/,
    "must be a SIP URI such as sip:10.0.4.10:5080",
  );

/** A header field name: an RFC 3261 token. */
export const headerName = z
  .string()
  .regex(
    /^[A-Za-z0-9\-.!%*_+`'~]{1,64}$/,
    "must be a header name (an RFC 3261 token of at most 64 characters)",
  );

export const variableName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,39}$/,
    "must be a variable name: lower-case letters, digits and '_', starting with a letter",
  );

/** A header value or template: printable, on one line. */
export const headerValue = z
  .string()
  .min(1)
  .max(256)
  .regex(
    /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/,
    "must be printable ASCII on one line, without quotes and backslashes",
  );

/** A SIP reason phrase (RFC 3261 section 7.2) without characters that need quoting anywhere. */
export const reasonPhrase = z
  .string()
  .regex(/^[A-Za-z0-9 .,_-]{1,64}$/, "must be 1 to 64 letters, digits, spaces, '.', ',', '_' or '-'");

export const port = z.int().min(1).max(65535);

/** A value that is bound at deployment, from the environment or a secrets file. */
export const secretRef = z
  .strictObject({
    secret: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, "must be the name of an environment variable")
      .describe(
        "Name of the environment variable, or of the entry in the secrets file, that holds the value at deployment.",
      ),
  })
  .describe("Reference to a secret that is bound at deployment and never enters an artifact.")
  .meta({ title: "SecretRef" });

export const secretValue = z
  .union([secretRef, z.string().min(1).max(256)])
  .describe(
    'A secret: write `secret("NAME")`. A plain string works but stays in the config\'s history, and crew warns.',
  );

export const digestUsername = z
  .string()
  .regex(/^[A-Za-z0-9._@+-]{1,64}$/, "must be 1 to 64 letters, digits or any of . _ @ + -");

export const realm = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, "must be 1 to 64 letters, digits or any of . _ -");
