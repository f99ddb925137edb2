import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { fixtureLines } from "@falco-outputs/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alertToJson } from "../alert-message.js";
import { OutputsResponseSchema } from "../contract.js";
import { AlertDecoder } from "./alert-decoder.js";
import { encodeContent, encodeLine } from "./encode.js";

// Any runtime can make text so; Node has faster ways.
const utf8 = new TextDecoder();
const decoder = new AlertDecoder({
  latin1: (bytes, start, end) => String.fromCharCode(...bytes.subarray(start, end)),
  utf8: (bytes, start, end) => utf8.decode(bytes.subarray(start, end)),
});
const decode = (bytes: Uint8Array) => decoder.decode(bytes, 0, bytes.length);
/** What protobuf-es decodes; an alert does not show the heartbeat's field. */
const decodedByProtobuf = (bytes: Uint8Array) => {
  const { scanned, ...alert } = fromBinary(OutputsResponseSchema, bytes);
  return alert;
};
const concat = (...parts: (Uint8Array | number[])[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

const text = fc.oneof(fc.string(), fc.string({ unit: "grapheme" })).filter((name) => name !== "__proto__");
const alerts = fc
  .record({
    time: fc.option(fc.record({ seconds: fc.integer(), nanos: fc.nat({ max: 999_999_999 }) }), {
      nil: undefined,
    }),
    priority: fc.nat({ max: 7 }),
    rule: text,
    output: text,
    outputFields: fc.array(fc.tuple(text, text)).map((fields) => new Map(fields)),
    hostname: text,
    tags: fc.array(text),
    source: text,
  })
  .map((content) => encodeContent({ ...content, priority: content.priority as 0 }));
const sequences = fc
  .bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn })
  .map((sequence) => toBinary(OutputsResponseSchema, create(OutputsResponseSchema, { sequence })));

describe("AlertDecoder", () => {
  it("gives what protobuf-es gives, for any alert", () => {
    fc.assert(
      fc.property(alerts, sequences, (alert, sequence) => {
        const bytes = concat(alert, sequence);
        expect({ ...decode(bytes) }).toStrictEqual(decodedByProtobuf(bytes));
      }),
    );
  });

  it("decodes a heartbeat, which has what no alert shows", () => {
    const bytes = toBinary(OutputsResponseSchema, create(OutputsResponseSchema, { scanned: 2n ** 63n }));
    expect(decode(bytes)).toHaveProperty("scanned", 2n ** 63n);
    expect(decode(new Uint8Array())).toHaveProperty("scanned", 0n);
    expect(Object.keys(decode(new Uint8Array()))).not.toContain("scanned");
  });

  it("gives alerts that are JSON like those of any other way", () => {
    for (const line of fixtureLines("alerts.jsonl")) {
      const bytes = encodeLine(line);
      expect(JSON.stringify(decode(bytes))).toBe(alertToJson(fromBinary(OutputsResponseSchema, bytes)));
    }
  });

  it("knows an alert among other bytes", () => {
    const [line] = fixtureLines("alerts.jsonl");
    const alert = encodeLine(line!);
    const bytes = concat([0x22, 5, 0xff], alert, alert);
    expect(decoder.decode(bytes, 3, 3 + alert.length)).toEqual(decode(alert));
  });

  it("has text of every size", () => {
    for (const length of [0, 1, 127, 128, 4_096, 20_000]) {
      const line = JSON.stringify({
        rule: "é".repeat(length),
        priority: "Debug",
        output: "y".repeat(length),
      });
      expect(decode(encodeLine(line))).toMatchObject({
        rule: "é".repeat(length),
        output: "y".repeat(length),
      });
    }
  });

  it("keeps a field that is called __proto__", () => {
    const line = '{"rule":"r","priority":"Debug","output_fields":{"__proto__":"a","b":"c"}}';
    const { outputFields } = decode(encodeLine(line));
    expect(Object.entries(outputFields)).toEqual([
      ["__proto__", "a"],
      ["b", "c"],
    ]);
    expect(Object.getPrototypeOf(outputFields)).toBe(Object.prototype);
  });

  it.each([
    ["an unknown field", concat([0xa2, 0x06, 2, 1, 2])],
    ["a time in two parts", concat([0x0a, 2, 0x08, 5], [0x0a, 2, 0x10, 7])],
    ["a time before 1970", concat([0x0a, 11, 0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1])],
    ["a time whose parts are swapped", concat([0x0a, 4, 0x10, 7, 0x08, 5])],
    ["a field without a name", concat([0x32, 3, 0x12, 1, 0x61])],
    ["a field whose value comes first", concat([0x32, 6, 0x12, 1, 0x61, 0x0a, 1, 0x62])],
    [
      "a field twice",
      concat([0x32, 6, 0x0a, 1, 0x61, 0x12, 1, 0x62], [0x32, 6, 0x0a, 1, 0x61, 0x12, 1, 0x63]),
    ],
    ["a priority that there is not", concat([0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])],
    ["U+FFFD itself", concat([0x22, 3, 0xef, 0xbf, 0xbd])],
    ["a length that is written long", concat([0x22, 0x81, 0x80, 0, 0x61])],
    ["the largest sequence number", concat([0x50, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1])],
  ])("gives what protobuf-es gives, for %s", (_, bytes) => {
    expect({ ...decode(bytes) }).toStrictEqual(decodedByProtobuf(bytes));
  });

  it.each([
    ["a byte that is none", [0x61, 0xff, 0x62], "a\ufffdb"],
    ["a sequence that is cut off", [0x61, 0xe2, 0x82, 0x62], "a\ufffdb"],
    ["a sequence that is cut off by the end", [0x61, 0xf0, 0x9f, 0xa6], "a\ufffd"],
    ["a surrogate", [0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"],
    ["a sequence that is too long", [0xc0, 0xaf], "\ufffd\ufffd"],
  ])("replaces what is not UTF-8, on either path: %s", (_, text, expected) => {
    const rule = [0x22, text.length, ...text];
    const field = [0x32, text.length + 5, 0x0a, text.length, ...text, 0x12, 1, 0x62];
    // Field 15 is unknown.
    for (const unknown of [[], [0x78, 1]]) {
      const alert = decode(concat(rule, field, [0x42, text.length, ...text], unknown));
      expect(alert.rule).toBe(expected);
      expect(alert.tags).toEqual([expected]);
      expect(alert.outputFields).toEqual({ [expected]: "b" });
    }
  });

  it.each([
    ["text that is cut off", concat([0x22, 5, 0x61])],
    ["a number that is cut off", concat([0x50, 0x80])],
    ["a number that has no end", concat([0x50], Array(20).fill(0x80))],
    ["a field that ends beyond its entry", concat([0x32, 4, 0x0a, 1, 0x61, 0x12, 5], [0x61, 0x61])],
    ["a group that has no end", concat([0x0b])],
    ["a field 0", concat([0x00])],
  ])("refuses what protobuf-es refuses, with its error: %s", (_, bytes) => {
    const refusal = (make: () => unknown) => {
      try {
        return make();
      } catch (error) {
        return error;
      }
    };
    const expected = refusal(() => fromBinary(OutputsResponseSchema, bytes));
    expect(expected).toBeInstanceOf(Error);
    expect(refusal(() => decode(bytes))).toEqual(expected);
  });
});
