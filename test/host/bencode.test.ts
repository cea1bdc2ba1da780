import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bencode, bencode, unbencode } from "../../src/host/bencode.ts";

const wellFormed = fc.string({ unit: "grapheme", maxLength: 20 });
const { value } = fc.letrec<{ value: Bencode }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    wellFormed,
    fc.maxSafeInteger(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      wellFormed.filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
}));

test("what is encoded is decoded as it was", () => {
  fc.assert(
    fc.property(value, (v) => {
      expect(unbencode(bencode(v))).toEqual(v);
    }),
  );
});

test("is written as the ng protocol has it", () => {
  expect(bencode({ command: "ping", n: -3, l: ["é"] }).toString()).toBe("d7:command4:ping1:ni-3e1:ll2:éee");
});

test.each(["", "i12", "i1.5e", "5:abc", "l1:a", "d1:ae", "di1e1:ae", "4:pingx", "-1:a", "x"])(
  "does not read %j",
  (text) => {
    expect(unbencode(Buffer.from(text))).toBeUndefined();
  },
);

test("reads no more than there is, whatever comes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void unbencode(Buffer.from(bytes))));
});
