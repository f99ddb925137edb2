import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutputsResponseSchema, timestampNs } from "../contract.js";
import { AlertTime, alertTimeUs } from "./alert-time.js";
import { FieldWalk, int32At, int64At } from "./field-walk.js";

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -1000n, max: 1000n }),
);
const int32 = fc.oneof(fc.integer(), fc.integer({ min: -5, max: 5 }));

/** Parts of a time, as another server might write them. */
const timeBytes = fc
  .array(
    fc.oneof(
      int64.map((seconds) => ({ seconds })),
      int32.map((nanos) => ({ nanos })),
      fc.constant({}),
    ),
    {
      maxLength: 4,
    },
  )
  .map((parts) => {
    const writer = new BinaryWriter();
    for (const part of parts) {
      if ("seconds" in part) writer.tag(1, WireType.Varint).int64(part.seconds);
      else if ("nanos" in part) writer.tag(2, WireType.Varint).int32(part.nanos);
      else writer.tag(7, WireType.Bit64).fixed64(1n);
    }
    return writer.finish();
  });

const alertBytes = fc.array(timeBytes, { maxLength: 3 }).map((times) => {
  const writer = new BinaryWriter();
  for (const time of times) {
    writer.raw(toBinary(OutputsResponseSchema, create(OutputsResponseSchema, { rule: "r", tags: ["t"] })));
    writer.tag(1, WireType.LengthDelimited).bytes(time);
  }
  return writer.finish();
});

describe("AlertTime", () => {
  it("reads the time that a decoder reads", () => {
    const read = new AlertTime();
    fc.assert(
      fc.property(alertBytes, (bytes) => {
        const { time } = fromBinary(OutputsResponseSchema, bytes);
        expect(read.read(bytes, 0, bytes.length)).toBe(time !== undefined);
        if (time === undefined) return;
        expect(read.nanos).toBeGreaterThanOrEqual(0);
        expect(read.nanos).toBeLessThan(1_000_000_000);
        if (time.seconds > 2n ** 52n || time.seconds < -(2n ** 52n)) return;
        expect(BigInt(read.seconds) * 1_000_000_000n + BigInt(read.nanos)).toBe(timestampNs(time));
      }),
      { numRuns: 2_000 },
    );
  });

  it("has microseconds in the order of the times", () => {
    const microsecondsOf = (bytes: Uint8Array) => alertTimeUs(bytes, 0, bytes.length);
    const nsOf = (bytes: Uint8Array) => {
      const { time } = fromBinary(OutputsResponseSchema, bytes);
      return time && timestampNs(time);
    };
    fc.assert(
      fc.property(alertBytes, alertBytes, (one, two) => {
        const [first, second] = [nsOf(one), nsOf(two)];
        expect(Number.isNaN(microsecondsOf(one))).toBe(first === undefined);
        if (first === undefined || second === undefined || first > second) return;
        expect(microsecondsOf(one)).toBeLessThanOrEqual(microsecondsOf(two));
      }),
      { numRuns: 2_000 },
    );
    const at = toBinary(
      OutputsResponseSchema,
      create(OutputsResponseSchema, { time: { seconds: 1_780_000_000n, nanos: 123_456_789 } }),
    );
    expect(microsecondsOf(at)).toBe(1_780_000_000_123_456);
  });
});

describe("FieldWalk", () => {
  const wireTypes = [
    (writer: BinaryWriter) => writer.tag(3, WireType.Varint).uint64(2n ** 64n - 1n),
    (writer: BinaryWriter) => writer.tag(4, WireType.Bit32).fixed32(1),
    (writer: BinaryWriter) => writer.tag(5, WireType.Bit64).fixed64(1n),
    (writer: BinaryWriter) => writer.tag(2 ** 29 - 1, WireType.LengthDelimited).bytes(new Uint8Array(300)),
    (writer: BinaryWriter) =>
      writer
        .tag(16, WireType.StartGroup)
        .tag(2, WireType.LengthDelimited)
        .bytes(new Uint8Array(300).fill(0x84))
        .tag(17, WireType.StartGroup)
        .tag(1, WireType.Varint)
        .uint32(300)
        .tag(17, WireType.EndGroup)
        .tag(16, WireType.EndGroup),
  ];

  it("finds every field of a message, whatever its wire type", () => {
    const message = new BinaryWriter();
    for (const write of wireTypes) write(message);
    const walk = new FieldWalk(message.finish());
    const fields: number[] = [];
    while (walk.next()) fields.push(walk.field);
    expect(fields).toEqual([3, 4, 5, 2 ** 29 - 1, 16]);
    expect(walk.next()).toBe(false);
  });

  it("keeps to the part of the bytes that it was given", () => {
    const bytes = Uint8Array.of(0xff, 8, 1, 18, 2, 7, 7, 0xff);
    const walk = new FieldWalk(bytes, 1, 7);
    expect([walk.next(), walk.field, walk.start, walk.end]).toEqual([true, 1, 2, 3]);
    expect([walk.next(), walk.field, walk.start, walk.end]).toEqual([true, 2, 5, 7]);
    expect(walk.next()).toBe(false);
  });

  it("reads integers as a decoder does", () => {
    fc.assert(
      fc.property(int64, int32, (long, short) => {
        expect(int64At(new BinaryWriter().int64(long).finish(), 0)).toBe(Number(long));
        expect(int32At(new BinaryWriter().int32(short).finish(), 0)).toBe(short);
        expect(int32At(new BinaryWriter().int64(long).finish(), 0)).toBe(Number(BigInt.asIntN(32, long)));
      }),
    );
  });
});
