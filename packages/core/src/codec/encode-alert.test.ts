import {
  create,
  createRegistry,
  equals,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { fixtureLines } from "@falco-outputs/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Alert, toAlert } from "../alert-message.js";
import { OutputsResponseSchema } from "../contract.js";
import { Code } from "../error.js";
import { acceptEncoded } from "./accept-encoded.js";
import { AlertDecoder } from "./alert-decoder.js";
import { BatchEncoder } from "./batch-encoder.js";
import { encodeLine, maxAlertBytes } from "./encode.js";

const utf8 = new TextDecoder();
const decoder = new AlertDecoder({
  latin1: (bytes, start, end) => String.fromCharCode(...bytes.subarray(start, end)),
  utf8: (bytes, start, end) => utf8.decode(bytes.subarray(start, end)),
});
const registry = createRegistry(OutputsResponseSchema);
const decode = (bytes: Uint8Array) => fromBinary(OutputsResponseSchema, bytes);
const alertOf = (init: MessageInitShape<typeof OutputsResponseSchema>) =>
  toAlert(create(OutputsResponseSchema, init));

function encode(...alerts: Alert[]): Uint8Array[] {
  const encoder = new BatchEncoder();
  for (const alert of alerts) encoder.addAlert(alert);
  const { bytes, ends } = encoder.take();
  return ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
}

// protobuf-es loses a field of the name __proto__ when it decodes.
const text = fc
  .oneof(
    fc.string({ unit: "grapheme" }),
    fc.nat({ max: 400 }).map((length) => "x".repeat(length)),
  )
  .filter((name) => name !== "__proto__");
/** A field that the contract does not have. */
const unknown = fc.array(
  fc.record({
    no: fc.integer({ min: 11, max: 2_000 }),
    wireType: fc.constant(0),
    data: fc.constant(Uint8Array.of(7)),
  }),
  { minLength: 1, maxLength: 3 },
);
const int32 = fc.integer();
const alerts = fc
  .record(
    {
      time: fc.record({
        seconds: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer().map(BigInt)),
        nanos: fc.oneof(fc.nat({ max: 999_999_999 }), int32),
      }),
      priority: fc.oneof(fc.nat({ max: 7 }), int32),
      sourceDeprecated: fc.oneof(fc.nat({ max: 3 }), int32),
      rule: text,
      output: text,
      outputFields: fc.dictionary(text, text),
      hostname: text,
      tags: fc.array(text),
      source: fc.oneof(fc.constantFrom("syscall", "k8s_audit", "internal", "aws_cloudtrail", ""), text),
      sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      $unknown: unknown,
    },
    { requiredKeys: [] },
  )
  .map(({ $unknown, ...init }) => {
    const alert = alertOf(init as MessageInitShape<typeof OutputsResponseSchema>);
    if ($unknown !== undefined) alert.$unknown = $unknown;
    return alert;
  });

describe("an alert that came decoded", () => {
  it("is what protobuf-es makes of it, without its sequence number", () => {
    fc.assert(
      fc.property(alerts, (alert) => {
        const [encoded] = encode(alert);
        const expected = decode(acceptEncoded(toBinary(OutputsResponseSchema, { ...alert, scanned: 0n })));
        expect(expected.sequence).toBe(0n);
        expect(equals(OutputsResponseSchema, decode(encoded!), expected, { unknown: true, registry })).toBe(
          true,
        );
        // Whatever else encodes takes it for an alert.
        expect(acceptEncoded(encoded!)).toEqual(encoded);
      }),
      { numRuns: 500 },
    );
  });

  it("is the bytes that its line was, for Falco's own", () => {
    const lines = fixtureLines("alerts.jsonl").map((line) => encodeLine(line));
    expect(encode(...lines.map((bytes) => decoder.decode(bytes, 0, bytes.length)))).toEqual(lines);
  });

  it("keeps an output field of any name", () => {
    const line = encodeLine(
      '{"rule":"r","priority":"Notice","output_fields":{"__proto__":"a","constructor":"b","toString":"c","":"d"}}',
    );
    const alert = decoder.decode(line, 0, line.length);
    expect(Object.keys(alert.outputFields)).toContain("__proto__");
    expect(encode(alert)).toEqual([line]);
    // The way of what is unusual.
    alert.$unknown = [{ no: 12, wireType: 0, data: Uint8Array.of(1) }];
    expect(encode(alert)).toEqual([Uint8Array.of(...line, 12 << 3, 1)]);
  });

  it("keeps what a source that disagrees with its number says: a Falco before the field had the number alone", () => {
    const alert = alertOf({ rule: "r", sourceDeprecated: 1, source: "" });
    expect(decode(encode(alert)[0]!)).toMatchObject({ sourceDeprecated: 1, source: "" });
  });

  it.each([
    ["", {}],
    [" with unknown fields", { $unknown: [{ no: 12, wireType: 0, data: Uint8Array.of(1) }] }],
  ])("is refused when it is too large%s, and leaves the others as they are", (_, more) => {
    const small = alertOf({ rule: "small" });
    const large = Object.assign(alertOf({ rule: "large", output: "x".repeat(maxAlertBytes) }), more);
    const encoder = new BatchEncoder();
    encoder.addAlert(small);
    expect(() => encoder.addAlert(large)).toThrow(
      expect.objectContaining({
        code: Code.InvalidArgument,
        message: expect.stringContaining("at most 1048576 are taken"),
      }),
    );
    encoder.addAlert(small);
    const { bytes, ends } = encoder.take();
    expect(ends).toHaveLength(2);
    expect(decode(bytes.subarray(ends[0], ends[1])).rule).toBe("small");
  });
});
