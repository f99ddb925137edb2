import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { OutputsResponseSchema } from "../contract.js";
import {
  alertField,
  alertTag,
  messageBytesAt,
  prefixBytes,
  sequenceBytes,
  varintBytes,
  writePrefix,
  writeSequence,
  writeVarint,
} from "./wire.js";

it("has the contract's fields, each with the byte that begins it", () => {
  const values = {
    time: { nanos: 1 },
    priority: 1,
    sourceDeprecated: 1,
    rule: "x",
    output: "x",
    outputFields: { x: "y" },
    hostname: "x",
    tags: ["x"],
    source: "x",
    sequence: 1n,
    scanned: 1n,
  };
  const { fields } = OutputsResponseSchema;
  expect(alertField).toEqual(Object.fromEntries(fields.map(({ localName, number }) => [localName, number])));
  const tags = Object.entries(values).map(([name, value]) => {
    const message = create(OutputsResponseSchema, { [name]: value });
    return [name, toBinary(OutputsResponseSchema, message)[0]];
  });
  expect(alertTag).toEqual(Object.fromEntries(tags));
});

describe("a varint", () => {
  it.each([
    0,
    1,
    127,
    128,
    16_383,
    16_384,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 50 + 7,
    Number.MAX_SAFE_INTEGER,
  ])("of %d is what protobuf-es writes", (value) => {
    const expected = new BinaryWriter().uint64(value).finish();
    const bytes = new Uint8Array(12);
    expect(writeVarint(bytes, 1, value)).toBe(1 + expected.length);
    expect(varintBytes(value)).toBe(expected.length);
    expect(bytes.subarray(1, 1 + expected.length)).toEqual(expected);
  });
});

it("a sequence number is a field of its own", () => {
  const sequence = 1_780_000_000_123_456;
  const bytes = new Uint8Array(sequenceBytes(sequence));
  expect(writeSequence(bytes, 0, sequence)).toBe(bytes.length);
  const reader = new BinaryReader(bytes);
  expect(reader.tag()).toEqual([alertField.sequence, 0]);
  expect(reader.uint64()).toBe(BigInt(sequence));
});

it.each([0, 1, 256, 0x0102_0304, 0xffff_ffff])(
  "gRPC's prefix of %d bytes is read as it was written",
  (size) => {
    const bytes = new Uint8Array(prefixBytes + 1).fill(0xff);
    expect(writePrefix(bytes, 1, size)).toBe(1 + prefixBytes);
    expect(bytes[1]).toBe(0);
    expect(messageBytesAt(bytes, 1)).toBe(size);
    expect(new DataView(bytes.buffer).getUint32(2)).toBe(size);
  },
);
