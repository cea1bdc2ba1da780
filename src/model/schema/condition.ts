/** Conditions of routes beyond numbers: patterns, headers, hours. */
import { z } from "zod";
import { headerName } from "./text.ts";
import { timeZones } from "./time-zones.ts";

/** The characters of a pattern; its structure is checked when it is resolved. */
export const pattern = z
  .string()
  .regex(
    /^[A-Za-z0-9\-_~!&=,/.*+?()[\]{}|^$]{1,128}$/,
    "must be 1 to 128 letters, digits or any of - _ ~ ! & = , / . * + ? ( ) [ ] { } | ^ $ (no backslash: write [+] for a plus)",
  );

/** Without `^`, which separates fields in artifacts. */
const comparedValue = z
  .string()
  .min(1)
  .max(256)
  .regex(
    /^[\x20\x21\x23-\x5b\x5d\x5f-\x7e]*$/,
    "must be printable ASCII on one line, without quotes, backslashes and '^'",
  );

/** Blanks around a header's value are no part of it. */
const wholeValue = comparedValue.regex(/^(?! ).*(?<! )$/, "must not begin or end with a blank");

/** RFC 3261 would allow more, but no INVITE that has such a header is taken by the edge's parser. */
const name = headerName
  .regex(/^[A-Za-z0-9._+~-]*$/, "must be a header name of letters, digits or any of . _ + ~ -")
  .describe("Name of the header, in any case; the short form of a name counts too.");

export const headerCondition = z
  .union([
    z
      .strictObject({
        name,
        equals: wholeValue.describe("The whole value, compared letter by letter."),
      })
      .meta({ title: "HeaderEquals" }),
    z
      .strictObject({
        name,
        contains: comparedValue.describe("Part of the value, compared letter by letter."),
      })
      .meta({ title: "HeaderContains" }),
    z
      .strictObject({ name, present: z.literal(true).describe("The header is there, whatever its value.") })
      .meta({ title: "HeaderPresent" }),
  ])
  .meta({ title: "HeaderCondition" });

/** IANA name; whether there is such a zone is checked when it is resolved. */
export const timeZone = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_+-]{0,31}(?:\/[A-Za-z0-9_+-]{1,31}){0,2}$/,
    "must be the IANA name of a time zone such as Europe/Berlin",
  )
  .meta({ title: "TimeZone", examples: timeZones });

const startOfHours = z
  .string()
  .regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/, "must be a time of day from 00:00 to 23:59");

const endOfHours = z
  .string()
  .regex(/^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/, "must be a time of day from 00:00 to 24:00");

export const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

const day = z.enum(days);

export const hours = z
  .strictObject({
    time_zone: timeZone.describe(
      "IANA name of the time zone whose clocks count, for example `Europe/Berlin`, with daylight saving time as it is known when the config is built.",
    ),
    days: z
      .array(day)
      .min(1)
      .max(7)
      .describe("Days of the week on which the hours begin. Default: every day.")
      .optional(),
    from: startOfHours.describe("First minute, as `09:00`."),
    to: endOfHours.describe(
      "First minute that no longer belongs, as `17:30`; one before `from` is on the next day, `24:00` is midnight.",
    ),
  })
  .meta({ title: "Hours" });
