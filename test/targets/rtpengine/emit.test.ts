import { describe, expect, test } from "vitest";
import { EscapeError } from "../../../src/targets/escape/escaped.ts";
import type { RtpengineDoc, Setting } from "../../../src/targets/rtpengine/doc.ts";
import { emit } from "../../../src/targets/rtpengine/emit.ts";
import { lower } from "../../../src/targets/rtpengine/lower.ts";
import { modelOf } from "./relay.ts";

const docOf = (...settings: readonly Setting[]): RtpengineDoc => ({
  edge: "lab",
  engine: "6.1",
  groups: [{ title: "t", settings }],
});

function emitted(doc: RtpengineDoc | undefined): {
  text: string;
  at: (part: string) => (string | undefined)[];
  mode: number;
} {
  const artifact = doc === undefined ? undefined : emit(doc)[0];
  if (artifact === undefined) throw new Error("nothing emitted");
  const text = artifact.text.split("\n");
  expect(artifact.lines.length).toBe(text.length - 1);
  return {
    text: artifact.text,
    mode: artifact.mode,
    at: (part) => text.flatMap((line, i) => (line.startsWith(part) ? [artifact.lines[i]] : [])),
  };
}

describe("rtpengine.conf", () => {
  test("gives a call up only after the edge has ended it", () => {
    const timeout = (media_timeout?: number) => {
      const model = modelOf({ public_ip: "203.0.113.99", agents: { address: "10.0.4.1" } });
      const trunks = model.trunks.map((t) => ({
        ...t,
        limits: { ...t.limits, ...(media_timeout === undefined ? {} : { media_timeout }) },
      }));
      return /^timeout = (\d+)$/m.exec(emitted(lower({ ...model, trunks }).value).text)?.[1];
    };
    expect([timeout(), timeout(20), timeout(120)]).toEqual(["60", "60", "150"]);
  });

  test("has both sides, both families, and what the world sees", () => {
    const model = modelOf({
      public_ip: { v4: "203.0.113.99", v6: "2001:db8::7" },
      bind_ip: { v4: "198.51.100.7", v6: "2001:db8::7" },
      agents: { address: "10.0.4.1" },
    });
    const { text, at } = emitted(lower(model).value);
    expect(text).toContain(
      "\ninterface = carrier/198.51.100.7!203.0.113.99;carrier/2001:db8::7;agents/10.0.4.1\n",
    );
    expect(at("interface =")).toEqual(["/network"]);
    expect(at("port-m")).toEqual(["/network/rtp", "/network/rtp"]);
    expect(at("tos")).toEqual([undefined]);
  });

  test("is the same for the same model and names nothing but the edge", () => {
    const model = modelOf({ public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } });
    expect(emitted(lower(model).value)).toMatchObject({
      text: emitted(lower(structuredClone(model)).value).text,
      mode: 0o644,
    });
    expect(emitted(lower(model).value).text).not.toMatch(/acme|sarah|203\.0\.113/);
  });

  test.each<Setting>([
    { option: "tos", value: 256 },
    { option: "tos", value: 1.5 },
    { option: "tos", value: "184" },
    { option: "port-min", value: 80 },
    { option: "port-min", value: Number.NaN },
    { option: "foreground", value: 1 },
    { option: "endpoint-learning", value: "always" },
    { option: "listen-ng", value: "127.0.0.1:2223" },
    { option: "listen-ng", value: { address: "localhost", port: 2223 } },
    { option: "interface", value: [] },
    { option: "interface", value: [{ name: "carrier", address: "10.0.0.1;agents/10.0.0.2" }] },
    { option: "interface", value: [{ name: "carrier", address: "10.0.0.1", advertised: "x" }] },
  ])("never carries %j", (setting) => {
    expect(() => emit(docOf(setting))).toThrow(EscapeError);
  });

  test("never carries an option that its table does not have", () => {
    const unknown = JSON.parse('{"option":"listen-udp","value":1}') as Setting;
    expect(() => emit(docOf(unknown))).toThrow(/listen-udp/);
  });
});
