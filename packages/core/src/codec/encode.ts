import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, FalcoError } from "../error.js";
import { deprecatedSource } from "../source.js";
import type { AlertContent } from "./content.js";
import { readJson } from "./read-json.js";
import { readText } from "./read-text.js";

/** The largest alert, encoded, in bytes. Clients of gRPC refuse messages above 4 MiB. */
export const maxAlertBytes = 1024 * 1024;

const delimited = (field: number) => (field << 3) | WireType.LengthDelimited;
const varint = (field: number) => (field << 3) | WireType.Varint;

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

/** @throws FalcoError with InvalidArgument if an encoded alert is larger than `maxAlertBytes`. */
export function withinLimit(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= maxAlertBytes) return bytes;
  throw new FalcoError(
    `the alert is ${bytes.length} bytes, at most ${maxAlertBytes} are taken`,
    Code.InvalidArgument,
  );
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: false });
