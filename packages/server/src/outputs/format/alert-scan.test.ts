import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { BatchEncoder } from "@falco-outputs/core/codec";
import { OutputsResponseSchema } from "@falco-outputs/core/contract";
import { fixtureLines } from "@falco-outputs/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { AlertScan } from "./alert-scan.js";
import { decode } from "./decode.js";

/** What the scan finds in an alert somewhere in some memory is what a decoder finds. */
function expectAsDecoded(alert: Uint8Array): void {
  const bytes = Buffer.concat([Buffer.from([0xff]), alert, Buffer.from([0xff, 0x10])]);
  const scan = new AlertScan();
  // Another one's fields do not stay.
  scan.read(Buffer.from([0x10, 5, 0x2a, 1, 0x41, 0x4a, 1, 0x41]), 0, 8);
  scan.read(bytes, 1, 1 + alert.length);
  const { priority, output, source } = decode(alert);
  expect(scan.priority).toBe(priority);
  expect(bytes.toString("utf8", scan.outputStart, scan.outputEnd)).toBe(output);
  expect(bytes.toString("utf8", scan.sourceStart, scan.sourceEnd)).toBe(source);
}

it("finds in Falco's alerts what a decoder finds", () => {
  for (const line of fixtureLines("alerts.jsonl").map((text) => Buffer.from(text))) {
    const encoder = new BatchEncoder();
    encoder.add(line, 0, line.length);
    expectAsDecoded(encoder.take().bytes);
  }
});

it("finds it in any alert, with repeated fields, those of others, and priorities that are none", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 300 });
  const alert = fc
    .record({
      priority: fc.oneof(fc.integer({ min: -5, max: 300 }), fc.integer()),
      output: fc.oneof(text, fc.constant("x".repeat(20_000)), fc.constant("x".repeat(300_000))),
      source: text,
      tags: fc.array(text),
      outputFields: fc.dictionary(
        text.filter((name) => name !== "__proto__"),
        text,
      ),
    })
    .map((init) => toBinary(OutputsResponseSchema, create(OutputsResponseSchema, init as object)));
  const unknown = fc
    .record({ field: fc.integer({ min: 12, max: 1000 }), kind: fc.integer({ min: 0, max: 3 }) })
    .map(({ field, kind }) => {
      const writer = new BinaryWriter();
      if (kind === 0)
        return writer
          .tag(field, WireType.Varint)
          .uint64(2n ** 63n)
          .finish();
      if (kind === 1) return writer.tag(field, WireType.Bit64).fixed64(1n).finish();
      if (kind === 2) return writer.tag(field, WireType.Bit32).fixed32(1).finish();
      return writer.tag(field, WireType.LengthDelimited).bytes(new Uint8Array(200)).finish();
    });
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: alert }, unknown), { maxLength: 4 }), (parts) =>
      expectAsDecoded(Buffer.concat(parts)),
    ),
  );
});
