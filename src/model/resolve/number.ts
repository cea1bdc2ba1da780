/** Telephone numbers in E.164, and how a country's national forms become E.164. */
import { type CountryCode, isSupportedCountry, Metadata } from "libphonenumber-js";
import type { JsonPointer } from "../../core/pointer.ts";
import type { NumberPlan } from "../model.ts";
import type { Report } from "./report.ts";

const e164 = /^\+[1-9][0-9]{1,14}$/;

/** Too short for a number of a numbering plan: those of emergency and other services, extensions. */
const shortNumber = /^[0-9]{1,6}$/;

/** What the library's metadata answers, 0 where it has nothing; its published types leave two of these out. */
interface DialPlan {
  callingCode(): string;
  IDDPrefix(): string | number | undefined;
  defaultIDDPrefix(): string | number | undefined;
  nationalPrefix(): string | number | undefined;
}

/** The plan of a country, or `undefined` where there is no such country. */
export function numberPlan(country: string): NumberPlan | undefined {
  if (!isSupportedCountry(country)) return undefined;
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country as CountryCode);
  const plan = metadata.numberingPlan as DialPlan | undefined;
  if (plan === undefined) return undefined;
  const digits = [plan.defaultIDDPrefix(), plan.IDDPrefix()].find(
    (prefix): prefix is string => typeof prefix === "string" && /^[0-9]+$/.test(prefix),
  );
  const national = plan.nationalPrefix();
  return {
    country,
    calling_code: String(plan.callingCode()),
    international_prefix: digits ?? "00",
    national_prefix: typeof national === "string" ? national : "",
  };
}

/**
 * A number as written in a config in E.164, or `undefined` where it is none: `+1 (415) 555-1111`, `tel:+…`, `sip:+…@host`,
 * and with a plan `0171 …`, `00 49 …`, `(415) 555-1111`. A short number such as `911` stays as it is.
 */
export function toNumber(text: string, plan: NumberPlan | undefined): string | undefined {
  if (e164.test(text)) return text;
  const plain = digitsOf(text);
  return shortNumber.test(plain) && !plain.startsWith(plan?.international_prefix ?? "00")
    ? plain
    : inE164(plain, plan);
}

/** The start of a number in E.164, which may be short. */
export function toPrefix(text: string, plan: NumberPlan | undefined): string | undefined {
  return inE164(digitsOf(text), plan);
}

function digitsOf(text: string): string {
  const user = text.replace(/^(?:tel|sips?):/, "").replace(/@.*$/, "");
  return user.replace(/[ ().-]/g, "");
}

function inE164(plain: string, plan: NumberPlan | undefined): string | undefined {
  const completed = plain.startsWith("+") ? plain : complete(plain, plan);
  return completed !== undefined && e164.test(completed) ? completed : undefined;
}

/** As `toNumber`; what is no number is reported. */
export function resolveNumber(
  text: string,
  plan: NumberPlan | undefined,
  at: JsonPointer,
  report: Report,
): string | undefined {
  const number = toNumber(text, plan);
  if (number === undefined) reportNumber(text, at, report);
  return number;
}

/** Says that a text is no number. */
export function reportNumber(text: string, at: JsonPointer, report: Report): void {
  report({
    code: "CREW2103",
    severity: "error",
    pointer: at,
    message: `'${text}' is not a number in E.164.`,
    why: "Numbers are compared in E.164, the form that is the same everywhere; a national form is read only with the trunk's country.",
    help: "Write '+', country code and number, for example '+14155551111', or set 'country' on the trunk.",
  });
}

/** The same steps as the edge takes at run time; they must agree. */
function complete(digits: string, plan: NumberPlan | undefined): string | undefined {
  if (plan === undefined) return digits.startsWith("00") ? `+${digits.slice(2)}` : undefined;
  if (digits.startsWith(plan.international_prefix))
    return `+${digits.slice(plan.international_prefix.length)}`;
  if (plan.national_prefix !== "" && digits.startsWith(plan.national_prefix))
    return `+${plan.calling_code}${digits.slice(plan.national_prefix.length)}`;
  return `+${plan.calling_code}${digits}`;
}
