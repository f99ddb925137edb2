import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, FalcoError } from "../error.js";
import { withinLimit } from "./encode.js";
import { alertField } from "./wire.js";

/**
 * Takes an alert that came encoded: a whole `falco.outputs.response`, without what only a server adds: its
 * sequence number, and how far it looked. All else, unknown fields included, stays byte for byte.
 * @throws FalcoError with InvalidArgument if the bytes are not such a message (text must be UTF-8), or too many.
 */
export function acceptEncoded(bytes: Uint8Array): Uint8Array {
  withinLimit(bytes);
  const kept: Uint8Array[] = [];
  try {
    for (const field of fields(bytes, alertShape)) {
      if (field.number !== alertField.sequence && field.number !== alertField.scanned) kept.push(field.bytes);
    }
  } catch (cause) {
    throw new FalcoError(`not an alert: ${(cause as Error).message}`, Code.InvalidArgument, { cause });
  }
  const writer = new BinaryWriter();
  for (const part of kept) writer.raw(part);
  return writer.finish();
}

/** What a message's fields hold; `open` if it may have others. */
type Shape = { open: boolean; fields: Readonly<Record<number, "varint" | "text" | Shape>> };
const timeShape: Shape = { open: true, fields: { 1: "varint", 2: "varint" } };
// Decoders of map entries, protobuf-es among them, expect nothing else.
const entryShape: Shape = { open: false, fields: { 1: "text", 2: "text" } };
const alertShape: Shape = {
  open: true,
  fields: {
    [alertField.time]: timeShape,
    [alertField.priority]: "varint",
    [alertField.sourceDeprecated]: "varint",
    [alertField.rule]: "text",
    [alertField.output]: "text",
    [alertField.outputFields]: entryShape,
    [alertField.hostname]: "text",
    [alertField.tags]: "text",
    [alertField.source]: "text",
    [alertField.sequence]: "varint",
    [alertField.scanned]: "varint",
  },
};

/**
 * The fields of a message, each with its tag. Stricter than a decoder: one that takes what another refuses would let
 * an alert through that ends the streams of those who get it.
 */
function* fields(bytes: Uint8Array, shape: Shape): Generator<{ number: number; bytes: Uint8Array }> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const from = reader.pos;
    const [number, type] = reader.tag();
    const value = shape.fields[number];
    if (value === undefined) {
      if (!shape.open) throw new Error(`field ${number} is unknown`);
      const { length } = reader.skip(type, number);
      if (type === WireType.Varint && length > 10) throw new Error("a varint of more than 10 bytes");
    } else if (type !== (value === "varint" ? WireType.Varint : WireType.LengthDelimited)) {
      throw new Error(`field ${number} has wire type ${type}`);
    } else if (value === "varint") {
      reader.uint64();
    } else if (value === "text") {
      reader.string(true);
    } else {
      for (const _ of fields(reader.bytes(), value));
    }
    yield { number, bytes: bytes.subarray(from, reader.pos) };
  }
}
