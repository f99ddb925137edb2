import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { fixtureLines } from "@falco-outputs/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutputsResponseSchema } from "../contract.js";
import { Code } from "../error.js";
import { Priority } from "../priority.js";
import { deprecatedSource } from "../source.js";
import { acceptEncoded } from "./accept-encoded.js";
import type { AlertContent } from "./content.js";
import { encodeContent, encodeLine, maxAlertBytes } from "./encode.js";
import { readJson } from "./read-json.js";

const utf8 = new TextEncoder();
const decode = (bytes: Uint8Array) => fromBinary(OutputsResponseSchema, bytes);
const refusal = (message: string) =>
  expect.objectContaining({ code: Code.InvalidArgument, message: expect.stringContaining(message) });

const text = fc.string({ unit: "grapheme" });
// protobuf-es loses a field of this name when it decodes.
const fieldName = text.filter((name) => name !== "__proto__");
const contents: fc.Arbitrary<AlertContent> = fc.record({
  time: fc.option(
    fc.record({
      seconds: fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
      nanos: fc.integer({ min: 0, max: 999_999_999 }),
    }),
    { nil: undefined },
  ),
  priority: fc.constantFrom(...Object.values(Priority)),
  rule: text,
  output: text,
  outputFields: fc.array(fc.tuple(fieldName, text)).map((fields) => new Map(fields)),
  hostname: text,
  tags: fc.array(text),
  source: fc.oneof(text, fc.constantFrom("syscall", "internal", "k8s_audit")),
});
const basic: AlertContent = {
  time: undefined,
  priority: Priority.Notice,
  rule: "r",
  output: "",
  outputFields: new Map(),
  hostname: "",
  tags: [],
  source: "syscall",
};

describe("encodeContent", () => {
  it("writes what protobuf-es reads, and as short as protobuf-es does", () => {
    fc.assert(
      fc.property(contents, (content) => {
        const bytes = encodeContent(content);
        const message = decode(bytes);
        const { time, outputFields, ...rest } = content;
        expect(message).toMatchObject({
          ...rest,
          sourceDeprecated: deprecatedSource(content.source),
          sequence: 0n,
        });
        expect(new Map(Object.entries(message.outputFields))).toEqual(outputFields);
        const { seconds, nanos } = message.time ?? {};
        expect(message.time && { seconds: Number(seconds), nanos }).toEqual(time);
        expect(toBinary(OutputsResponseSchema, message)).toHaveLength(bytes.length);
      }),
    );
  });

  it("replaces what UTF-8 cannot hold", () => {
    const { rule, tags, outputFields } = decode(
      encodeContent({
        ...basic,
        rule: "a\ud800b",
        tags: ["\udc00"],
        outputFields: new Map([["\ud83e", "\udd85"]]),
      }),
    );
    expect([rule, tags, outputFields]).toEqual(["a\ufffdb", ["\ufffd"], { "\ufffd": "\ufffd" }]);
  });

  it.each(["__proto__", "constructor", ""])("writes a field %j like any other", (name) => {
    const bytes = encodeContent({ ...basic, outputFields: new Map([[name, "value"]]) });
    const entry = [10, name.length, ...utf8.encode(name), 18, 5, ...utf8.encode("value")];
    expect(bytes.join()).toContain([50, entry.length, ...entry].join());
  });

  it("takes 1 MiB and no byte more", () => {
    const overhead = encodeContent({ ...basic, output: "x".repeat(100_000) }).length - 100_000;
    const output = "x".repeat(maxAlertBytes - overhead);
    expect(encodeContent({ ...basic, output })).toHaveLength(maxAlertBytes);
    expect(() => encodeContent({ ...basic, output: `${output}x` })).toThrow(
      refusal("the alert is 1048577 bytes, at most 1048576 are taken"),
    );
  });
});

describe("encodeLine", () => {
  it.each(fixtureLines("alerts.jsonl"))("takes a line as text and as bytes: %#", (line) => {
    expect(encodeLine(line)).toEqual(encodeContent(readJson(line)));
    expect(encodeLine(utf8.encode(line))).toEqual(encodeLine(line));
    expect(encodeLine(`\t ${line}`)).toEqual(encodeLine(line));
  });

  it("takes the text form, on the day it arrived", () => {
    const bytes = encodeLine("10:00:00: Notice text", new Date(2026, 5, 2, 10));
    const { output, time } = decode(bytes);
    expect([output, Number(time!.seconds)]).toEqual([
      "10:00:00: Notice text",
      new Date(2026, 5, 2, 10).getTime() / 1000,
    ]);
  });

  it("does not mind a byte order mark", () => {
    for (const line of ['{"rule":"r","priority":"Notice"}', "2026-06-02T10:00:00Z: Notice text"]) {
      expect(encodeLine(utf8.encode(`\ufeff${line}`))).toEqual(encodeLine(line));
    }
  });

  it("replaces invalid UTF-8 and never refuses it", () => {
    const line = utf8.encode('{"rule":"a?b","priority":"Notice","output_fields":{"?":"?"}}');
    const invalid = line.map((byte) => (byte === 0x3f ? 0xff : byte));
    expect(decode(encodeLine(invalid))).toMatchObject({
      rule: "a\ufffdb",
      outputFields: { "\ufffd": "\ufffd" },
    });
  });

  it.each(["", "  ", "Events detected: 4", '"{"'])("says that %j is not an alert", (line) => {
    expect(() => encodeLine(line)).toThrow(
      refusal('not an alert: neither JSON nor "TIME: PRIORITY TEXT" as Falco writes it'),
    );
  });

  it.each([
    ['{"rule":"r","priority":"Notice"}', "little"],
    ['{"rule":"r","priority":"Notice"}', "big"],
    ["10:00:00.000000000: Notice text", "little"],
  ])("says that a line looks like UTF-16: %s, %s-endian", (text, order) => {
    const bytes = [...text].flatMap((letter) => {
      const code = letter.charCodeAt(0);
      return order === "big" ? [0, code] : [code, 0];
    });
    expect(() => encodeLine(Uint8Array.from(bytes))).toThrow(
      refusal("not an alert: it looks like UTF-16 without a byte order mark, expected UTF-8"),
    );
  });

  it("refuses a line whose alert is too large", () => {
    const line = `{"rule":"${"x".repeat(maxAlertBytes)}","priority":"Notice"}`;
    expect(() => encodeLine(line)).toThrow(refusal("at most 1048576 are taken"));
  });
});

describe("acceptEncoded", () => {
  const concatenate = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const field = (number: number, type: WireType) => new BinaryWriter().uint32((number << 3) | type);
  const sequence = (value: bigint) => field(10, WireType.Varint).uint64(value).finish();
  const scanned = (value: bigint) => field(11, WireType.Varint).uint64(value).finish();
  const unknown = concatenate(
    field(12, WireType.LengthDelimited).string("later").finish(),
    field(99, WireType.Bit32).fixed32(7).finish(),
    field(100, WireType.StartGroup)
      .raw(sequence(5n))
      .uint32((100 << 3) | WireType.EndGroup)
      .finish(),
  );

  it("leaves an alert byte for byte, but for what servers add", () => {
    fc.assert(
      fc.property(contents, fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), (content, numbers) => {
        const bytes = encodeContent(content);
        const sequences = concatenate(...numbers.flatMap((number) => [sequence(number), scanned(number)]));
        const withAll = concatenate(sequences, unknown, sequences, bytes, sequences, unknown, sequences);
        expect(acceptEncoded(withAll)).toEqual(concatenate(unknown, bytes, unknown));
      }),
    );
  });

  it("takes an alert without anything", () => {
    expect(acceptEncoded(new Uint8Array())).toHaveLength(0);
    expect(acceptEncoded(sequence(5n))).toHaveLength(0);
  });

  it("refuses every alert that breaks off within a field", () => {
    const bytes = encodeContent(readJson(fixtureLines("alerts.jsonl")[0]!));
    const accepted = bytes.map((_, length) => {
      try {
        acceptEncoded(bytes.subarray(0, length));
        return 1;
      } catch (error) {
        expect(error).toEqual(refusal("not an alert: "));
        return 0;
      }
    });
    // Between two fields it is a shorter alert.
    const { tags, outputFields } = decode(bytes);
    const fields = 6 + tags.length + Object.keys(outputFields).length;
    expect(accepted.reduce((sum, one) => sum + one, 0)).toBe(fields);
  });

  it.each([
    ["text that is no UTF-8", Uint8Array.of(34, 1, 0xff)],
    ["a field name that is no UTF-8", Uint8Array.of(50, 3, 10, 1, 0xff)],
    ["a tag that is no UTF-8", Uint8Array.of(66, 1, 0xff)],
    ["a number where text belongs", Uint8Array.of(32, 1)],
    ["text where the sequence number belongs", Uint8Array.of(82, 1, 1)],
    ["text where the number of a heartbeat belongs", Uint8Array.of(90, 1, 1)],
    ["a time that is longer inside than outside", Uint8Array.of(10, 1, 8, 1)],
    ["a field entry that is longer inside than outside", Uint8Array.of(50, 2, 10, 1, 97)],
    ["a field entry with more than name and value", Uint8Array.of(50, 2, 24, 1)],
    ["a field number of 0", Uint8Array.of(0, 0)],
    ["an unknown field that breaks off", Uint8Array.of(98, 5, 1)],
    ["an unknown number without an end", Uint8Array.of(96, ...Array(11).fill(0x80), 1)],
    ["a group without an end", Uint8Array.of(99)],
    ["groups without end", new Uint8Array(100_000).fill(99)],
  ])("refuses %s", (_, bytes) => {
    expect(() => acceptEncoded(bytes)).toThrow(refusal("not an alert: "));
    const whole = encodeContent(basic);
    expect(() => acceptEncoded(concatenate(whole, bytes))).toThrow(refusal("not an alert: "));
  });

  it("accepts nothing that a decoder would refuse, or see what only a server adds in", () => {
    const mutated = fc
      .tuple(contents.map(encodeContent), fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([bytes, at, value]) => bytes.map((byte, index) => (index === at % bytes.length ? value : byte)));
    const small = fc.array(fc.constantFrom(8, 10, 16, 18, 34, 50, 80, 82, 88, 0, 1, 2, 97, 128, 255));
    fc.assert(
      fc.property(
        fc.oneof(
          mutated,
          small.map((bytes) => Uint8Array.from(bytes)),
        ),
        (bytes) => {
          let accepted: Uint8Array;
          try {
            accepted = acceptEncoded(bytes);
          } catch (error) {
            expect(error).toEqual(refusal("not an alert: "));
            return;
          }
          expect(decode(accepted)).toMatchObject({ sequence: 0n, scanned: 0n });
          const before = create(OutputsResponseSchema, { ...decode(bytes), sequence: 0n, scanned: 0n });
          expect(toBinary(OutputsResponseSchema, decode(accepted))).toEqual(
            toBinary(OutputsResponseSchema, before),
          );
        },
      ),
      { numRuns: 5000 },
    );
  });

  it("refuses more than 1 MiB, even if the sequence number makes the difference", () => {
    const bytes = new Uint8Array(maxAlertBytes).fill(0x78);
    // The output: its tag, its length in three bytes, and the rest of it all.
    bytes.set(
      new BinaryWriter()
        .uint32((5 << 3) | WireType.LengthDelimited)
        .uint32(maxAlertBytes - 4)
        .finish(),
    );
    expect(acceptEncoded(bytes)).toHaveLength(maxAlertBytes);
    const larger = new Uint8Array(maxAlertBytes + 2);
    larger.set(sequence(1n));
    larger.set(bytes, 2);
    expect(() => acceptEncoded(larger)).toThrow(
      refusal("the alert is 1048578 bytes, at most 1048576 are taken"),
    );
  });
});
