import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, FalcoError } from "../error.js";
import { deprecatedSource } from "../source.js";
import type { AlertContent } from "./content.js";
import { readJson } from "./read-json.js";
import { readText } from "./read-text.js";

/** The largest alert, encoded, in bytes. Clients of gRPC refuse messages above 4 MiB. */
export const maxAlertBytes = 1024 * 1024;

const delimited = (field: number) => (field << 3) | WireType.LengthDelimited;
const varint = (field: number) => (field << 3) | WireType.Varint;
const sequenceField = 10;

/**
 * An alert as the bytes of a `falco.outputs.response` without a sequence number.
 * @throws FalcoError with InvalidArgument if they are more than `maxAlertBytes`.
 */
export function encodeContent(content: AlertContent): Uint8Array {
  const w = new BinaryWriter();
  const { time, priority, rule, output, hostname, source } = content;
  if (time !== undefined) {
    w.uint32(delimited(1)).fork();
    if (time.seconds !== 0) w.uint32(varint(1)).int64(time.seconds);
    if (time.nanos !== 0) w.uint32(varint(2)).int32(time.nanos);
    w.join();
  }
  if (priority !== 0) w.uint32(varint(2)).int32(priority);
  const deprecated = deprecatedSource(source);
  if (deprecated !== 0) w.uint32(varint(3)).int32(deprecated);
  if (rule !== "") w.uint32(delimited(4)).string(rule);
  if (output !== "") w.uint32(delimited(5)).string(output);
  for (const [name, value] of content.outputFields) {
    w.uint32(delimited(6)).fork();
    w.uint32(delimited(1)).string(name).uint32(delimited(2)).string(value).join();
  }
  if (hostname !== "") w.uint32(delimited(7)).string(hostname);
  for (const tag of content.tags) w.uint32(delimited(8)).string(tag);
  if (source !== "") w.uint32(delimited(9)).string(source);
  return withinLimit(w.finish());
}

/**
 * A line of Falco's, JSON or text, as an encoded alert. Invalid UTF-8 is replaced, never refused.
 * @throws FalcoError with InvalidArgument if the line is no alert, or too large a one.
 */
export function encodeLine(line: string | Uint8Array, now?: Date): Uint8Array {
  const text = typeof line === "string" ? line : utf8.decode(line);
  if (/^\s*\{/.test(text)) return encodeContent(readJson(text));
  const content = readText(text.replace(/\r?\n?$/, ""), now);
  if (content === undefined) {
    throw new FalcoError(
      'no alert: neither JSON nor "TIME: PRIORITY TEXT" as Falco writes it',
      Code.InvalidArgument,
    );
  }
  return encodeContent(content);
}

/**
 * Takes an alert that came encoded: a whole `falco.outputs.response`, whose sequence number is removed. All else,
 * unknown fields included, stays byte for byte.
 * @throws FalcoError with InvalidArgument if the bytes are no such message (text has to be UTF-8), or too many.
 */
export function acceptEncoded(bytes: Uint8Array): Uint8Array {
  withinLimit(bytes);
  const kept: Uint8Array[] = [];
  try {
    for (const field of fields(bytes, alertShape)) if (field.number !== sequenceField) kept.push(field.bytes);
  } catch (cause) {
    throw new FalcoError(`no alert: ${(cause as Error).message}`, Code.InvalidArgument, { cause });
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
    1: timeShape,
    2: "varint",
    3: "varint",
    4: "text",
    5: "text",
    6: entryShape,
    7: "text",
    8: "text",
    9: "text",
    [sequenceField]: "varint",
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

function withinLimit(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= maxAlertBytes) return bytes;
  throw new FalcoError(
    `the alert is ${bytes.length} bytes, at most ${maxAlertBytes} are taken`,
    Code.InvalidArgument,
  );
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: false });
