import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { alertField, entryField } from "@falco-outputs/core/codec";
import fc from "fast-check";

/** Few words, so that they meet; some differ in case or contain each other. */
export const words = ["", "a", "A", "ab", "b", "aab", "*", "a*", "\\", "é", "🦅"] as const;
export const word = fc.constantFrom(...words);
/** Names of output fields. */
export const fieldNames = ["", "a", "proc.name", "k8s.ns.name"] as const;

/** A part of a message, as it may stand anywhere in it. */
type Part = fc.Arbitrary<Uint8Array>;

const written = (write: (writer: BinaryWriter) => BinaryWriter) => write(new BinaryWriter()).finish();

/** A varint with more bytes than it needs, which decoders take. */
function long(bytes: Uint8Array, extra: number): Uint8Array {
  if (extra === 0) return bytes;
  const last = bytes.length - 1;
  return Uint8Array.from([
    ...bytes.subarray(0, last),
    bytes[last]! | 0x80,
    ...Array(extra - 1).fill(0x80),
    0,
  ]);
}

const varint = (value: number) => written((writer) => writer.uint32(value));
/** Most varints are as short as they can be. */
const extraBytes = fc.nat(9).map((number) => (number < 8 ? 0 : number - 7));

/** A length-delimited field; its tag and its length may be longer than they need be. */
function delimited(field: number, content: fc.Arbitrary<Uint8Array>): Part {
  return fc
    .tuple(content, extraBytes, extraBytes)
    .map(([bytes, tagExtra, lengthExtra]) =>
      Buffer.concat([
        long(varint((field << 3) | WireType.LengthDelimited), tagExtra),
        long(varint(bytes.length), lengthExtra),
        bytes,
      ]),
    );
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (field: number, value: fc.Arbitrary<string> = word) => delimited(field, value.map(utf8));
const message = (parts: Part, maxLength: number) =>
  fc.array(parts, { maxLength }).map((list) => new Uint8Array(Buffer.concat(list)));

/** Longer than what a tag or a length takes in one byte. */
const longText = fc.constantFrom("x".repeat(200), "*".repeat(130));

const entry = delimited(
  alertField.outputFields,
  message(
    fc.oneof(
      { weight: 6, arbitrary: text(entryField.key, fc.constantFrom(...fieldNames)) },
      { weight: 6, arbitrary: text(entryField.value) },
      { weight: 1, arbitrary: text(entryField.value, longText) },
    ),
    3,
  ),
);

const int32 = fc.oneof(
  { weight: 8, arbitrary: fc.nat(7) },
  { weight: 1, arbitrary: fc.constantFrom(-1, -(2 ** 31), 8, 2 ** 31 - 1) },
);
const priority = fc
  .tuple(int32, extraBytes)
  .map(([value, extra]) =>
    Buffer.concat([
      varint(alertField.priority << 3),
      value < 0 ? written((writer) => writer.int32(value)) : long(varint(value), extra),
    ]),
  );

const seconds = fc.constantFrom(-1n, 0n, 1n, 1_780_000_000n, 253_402_300_799n);
const nanos = fc.constantFrom(0, 1, 500, 999_999_999);
const time = delimited(
  alertField.time,
  message(
    fc.oneof(
      seconds.map((value) => written((writer) => writer.tag(1, WireType.Varint).int64(value))),
      nanos.map((value) => written((writer) => writer.tag(2, WireType.Varint).int32(value))),
      fc.constant(written((writer) => writer.tag(3, WireType.Bit32).fixed32(7))),
    ),
    3,
  ),
);

/** Fields of a contract to come, with bytes in them that look like an alert's. */
const lookalike = written((writer) => writer.tag(alertField.rule, WireType.LengthDelimited).string("a"));
const unknown = fc.constantFrom(
  written((writer) => writer.tag(15, WireType.Varint).uint32(300)),
  written((writer) => writer.tag(12, WireType.LengthDelimited).bytes(lookalike)),
  written((writer) => writer.tag(2_000, WireType.LengthDelimited).bytes(lookalike)),
  written((writer) => writer.tag(13, WireType.Bit32).fixed32(0x0161_0122)),
  written((writer) => writer.tag(14, WireType.Bit64).fixed64(0x0161_0122n)),
  written((writer) => writer.tag(16, WireType.StartGroup).raw(lookalike).tag(16, WireType.EndGroup)),
);

/** Alerts as another server might encode them: fields in any order, more than once, and some that nobody knows. */
export const encodedAlerts: fc.Arbitrary<Uint8Array> = message(
  fc.oneof(
    { weight: 3, arbitrary: priority },
    { weight: 3, arbitrary: text(alertField.rule) },
    { weight: 1, arbitrary: text(alertField.rule, longText) },
    { weight: 3, arbitrary: text(alertField.source) },
    { weight: 3, arbitrary: text(alertField.hostname) },
    { weight: 3, arbitrary: text(alertField.tags) },
    {
      weight: 2,
      arbitrary: text(
        alertField.output,
        fc.string({ unit: "binary" }).map((s) => s.toWellFormed()),
      ),
    },
    { weight: 8, arbitrary: entry },
    { weight: 3, arbitrary: time },
    { weight: 2, arbitrary: unknown },
  ),
  14,
);
