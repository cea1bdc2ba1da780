/** When a call is over and how it is ended, by what rtpengine says of its session. */
import { createCipheriv } from "node:crypto";
import { describe, expect, test } from "vitest";
import { byesOf } from "../../src/deploy/guard/byes.ts";
import { endableCall } from "../../src/deploy/guard/call-label.ts";
import { headerValues } from "../../src/phone/message.ts";
import { sealKey, unseal } from "../../src/targets/kamailio/sealed.ts";
import { shows } from "../acceptance/shows.ts";

const key = sealKey("0123456789abcdef0123456789abcdef");

/** As the script seals. */
function seal(text: string): string {
  const aes = createCipheriv("aes-128-cbc", key, Buffer.alloc(16));
  const bytes = Buffer.concat([Buffer.alloc(16), aes.update(text), aes.final()]);
  return bytes.toString("base64").slice(21).replaceAll("=", "-");
}

const view = seal(
  "sip:pbx@203.0.113.10:5060 - - call@203.0.113.10 sip:+14155550100@203.0.113.10 sip:+14155551111@edge",
);
const claim = (flags = "iopp") => `acme.${flags}.1000000.-.0123456789abcdef01234567`;

interface Session {
  readonly label?: string;
  readonly moved?: string;
  readonly heard?: number;
  readonly flags?: readonly string[];
}
const session = ({
  label,
  moved = "acme.inbound/ctag",
  heard = 1_000_050,
  flags = ["send", "recv"],
}: Session) => ({
  result: "ok",
  tags: {
    ctag: {
      created: 1_000_000,
      label: moved,
      medias: [{ flags, streams: [{ "last packet": heard }, { "last packet": heard - 5 }] }],
    },
    atag: {
      created: 1_000_003,
      ...(label === undefined ? {} : { label }),
      medias: [{ flags, streams: [{ "last packet": heard - 1 }] }],
    },
  },
});
const label = (allowed: string, flags?: string) =>
  `acme.inbound/ctag,${allowed},${claim(flags)},${view},-,AGENT`;
const call = (s: Session) => endableCall("call@hash", session(s));

describe("a session", () => {
  test.each([
    ["3600/0", 1_003_600, Number.POSITIVE_INFINITY],
    ["0/30", Number.POSITIVE_INFINITY, 1_000_080],
    ["3600/30", 1_003_600, 1_000_080],
    ["3600/90+1800/0", 1_001_800, 1_000_140],
    ["0/30+600/10", 1_000_600, 1_000_060],
  ])("of a call that may last / be silent %s", (allowed, until, silentUntil) => {
    const found = call({ label: label(allowed) });
    expect([found?.until, found?.silentUntil]).toEqual([until * 1000, silentUntil * 1000]);
  });

  test("on hold has nearly an hour", () => {
    shows("behaviour/29-media-timeout");
    expect(call({ label: label("0/30"), flags: ["send"] })?.silentUntil).toBe((1_000_050 + 3480) * 1000);
    expect(call({ label: label("60/0"), flags: [] })?.silentUntil).toBe(Number.POSITIVE_INFINITY);
  });

  test("whose answer came before the call was answered has the time that a call may ring", () => {
    const found = call({ label: `${label("60/10")},early` });
    expect([found?.until, found?.silentUntil]).toEqual([1_000_300_000, 1_000_300_000]);
  });

  test("that is not answered, or has no limit, is none of a call to end", () => {
    expect(call({})).toBeUndefined();
    expect(call({ label: "acme.inbound/ctag" })).toBeUndefined();
    expect(endableCall("id", { result: "ok" })).toBeUndefined();
  });
});

describe("the BYEs", () => {
  const made = (s: Session) => {
    const found = call(s);
    if (found === undefined) throw new Error("no call");
    return byesOf(found, "call_minutes", { key, port: 4000, proxy: 7002 }).map((bye) => bye.text);
  };

  test("are what each side would have sent", () => {
    const [caller = "", callee = ""] = made({ label: label("60/0") });
    expect(caller.split("\r\n")[0]).toBe("BYE sip:127.0.0.1:7002;m=AGENT SIP/2.0");
    expect(headerValues(caller, "Call-ID")).toEqual(["call@203.0.113.10"]);
    expect(headerValues(caller, "From")).toEqual(["<sip:+14155550100@203.0.113.10>;tag=ctag"]);
    expect(headerValues(caller, "To")).toEqual(["<sip:+14155551111@edge>;tag=atag"]);
    expect(headerValues(caller, "Route")).toEqual([`<sip:127.0.0.1:7002;lr;v=-;c=${claim()}>`]);
    expect(headerValues(caller, "X-Crew-End")).toEqual(["carrier call_minutes"]);
    expect(callee.split("\r\n")[0]).toBe("BYE sip:127.0.0.1:7002 SIP/2.0");
    expect(headerValues(callee, "Call-ID")).toEqual(["call@hash"]);
    expect(headerValues(callee, "From")[0]).toMatch(/;tag=atag$/);
    expect(headerValues(callee, "To")[0]).toMatch(/;tag=ctag$/);
    expect(headerValues(callee, "Route")).toEqual([`<sip:127.0.0.1:7002;lr;v=${view};c=${claim()}>`]);
    expect(headerValues(callee, "X-Crew-End")).toEqual(["agent -"]);
  });

  test.each([
    ["oopp", ["agent call_minutes", "carrier -"]],
    ["fopp", ["carrier call_minutes", "carrier -"]],
  ])("of direction %s come from their sides", (flags, sides) => {
    expect(made({ label: label("60/0", flags) }).flatMap((t) => headerValues(t, "X-Crew-End"))).toEqual(
      sides,
    );
  });

  test("go to where both sides have moved", () => {
    const [caller = "", callee = ""] = made({ label: label("60/0"), moved: "-,AGENT2,CALLER2" });
    expect(caller).toMatch(/^BYE sip:127\.0\.0\.1:7002;m=AGENT2 /);
    expect(callee).toMatch(/^BYE sip:127\.0\.0\.1:7002;m=CALLER2 /);
  });

  test("are none where the key is another", () => {
    const found = call({ label: label("60/0") });
    const other = { key: sealKey("f".repeat(32)), port: 1, proxy: 2 };
    expect(found && byesOf(found, "media_timeout", other)).toEqual([]);
  });
});

describe("what is sealed", () => {
  test("can be read, and nothing else", () => {
    expect(unseal(seal("sip:a@b"), key)).toBe("sip:a@b");
    expect(unseal("", key)).toBeUndefined();
    expect(unseal("-", key)).toBeUndefined();
    expect(unseal(`B${seal("sip:a@b").slice(1)}`, key)).toBeUndefined();
  });
});
