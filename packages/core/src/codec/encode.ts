import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { OutputsResponseSchema } from "../contract.js";
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
  const content = readText(text, now);
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
  try {
    fromBinary(OutputsResponseSchema, bytes);
  } catch (cause) {
    throw new FalcoError(`no alert: ${(cause as Error).message}`, Code.InvalidArgument, { cause });
  }
  const kept: Uint8Array[] = [];
  const reader = new BinaryReader(bytes);
  let start = 0;
  while (reader.pos < reader.len) {
    const from = reader.pos;
    const [field, type] = reader.tag();
    reader.skip(type, field);
    if (field !== sequenceField) continue;
    kept.push(bytes.subarray(start, from));
    start = reader.pos;
  }
  if (start === 0) return bytes;
  kept.push(bytes.subarray(start));
  const writer = new BinaryWriter();
  for (const part of kept) writer.raw(part);
  return writer.finish();
}

function withinLimit(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= maxAlertBytes) return bytes;
  throw new FalcoError(
    `the alert is ${bytes.length} bytes, at most ${maxAlertBytes} are taken`,
    Code.InvalidArgument,
  );
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: false });
