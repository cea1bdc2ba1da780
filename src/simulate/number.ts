/** How a user part of a SIP URI reads as a telephone number. */
import type { NumberPlan } from "../model/model.ts";

/** A number in E.164, and where the digits can be read in two ways, the other one. Empty: none. */
export interface Reading {
  readonly number: string;
  readonly other: string;
}

/**
 * Reads what was dialled: visual separators and parameters do not count, and an escaped `+` is one; without `+`, digits are
 * completed by the plan of the trunk's country, or else are an international number whose `+` was left out. Short numbers stay
 * as they are.
 */
export function readNumber(user: string, plan: NumberPlan | undefined): Reading {
  const digits = (user.split(";")[0] ?? "").replaceAll(/[-.()]|%20/g, "").replaceAll(/%2b/gi, "+");
  if (/^\+[0-9]{1,32}$/.test(digits)) return { number: digits, other: "" };
  if (!/^[0-9]{1,32}$/.test(digits)) return { number: "", other: "" };
  const short = /^[0-9]{1,6}$/.test(digits);
  if (plan === undefined) return { number: short ? digits : `+${digits}`, other: "" };
  const { calling_code, international_prefix, national_prefix } = plan;
  if (digits.startsWith(international_prefix)) {
    const rest = digits.slice(international_prefix.length);
    return { number: rest === "" ? "" : `+${rest}`, other: "" };
  }
  if (short) return { number: digits, other: "" };
  const strips =
    national_prefix !== "" && digits.startsWith(national_prefix) && digits.length > national_prefix.length;
  const national = strips ? digits.slice(national_prefix.length) : digits;
  return { number: `+${calling_code}${national}`, other: `+${digits}` };
}
