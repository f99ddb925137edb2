import { Code, FalcoError } from "../error.js";
import { deprecatedSource } from "../source.js";
import type { AlertContent } from "./content.js";
import { readJson } from "./read-json.js";
import { readText } from "./read-text.js";
import { delimited, varint, WireWriter } from "./wire-writer.js";

/** The largest alert, encoded, in bytes. Clients of gRPC refuse messages above 4 MiB. */
export const maxAlertBytes = 1024 * 1024;

/** Of an alert but its texts: tags, lengths, numbers. */
const overheadBytes = 64;
/** Of a field or tag beside its text. */
const entryBytes = 16;
/** Memory that is kept for the next alert, in bytes. */
const scratch = new Uint8Array(16 * 1024);
const writer = new WireWriter();

/**
 * An alert as the bytes of a `falco.outputs.response` without a sequence number.
 * @throws FalcoError with InvalidArgument if they are more than `maxAlertBytes`.
 */
export function encodeContent(content: AlertContent): Uint8Array {
  const { time, priority, rule, output, hostname, source } = content;
  const room = roomFor(content);
  writer.target = room > scratch.length ? new Uint8Array(room) : scratch;
  writer.to = 0;
  if (time !== undefined) {
    const place = writer.begin(delimited(1));
    seconds(time.seconds);
    writer.number(varint(2), time.nanos);
    writer.finish(place);
  }
  writer.number(varint(2), priority);
  writer.number(varint(3), deprecatedSource(source));
  if (rule !== "") writer.text(delimited(4), rule);
  if (output !== "") writer.text(delimited(5), output);
  for (const [name, value] of content.outputFields) {
    const place = writer.begin(delimited(6));
    writer.text(delimited(1), name);
    writer.text(delimited(2), value);
    writer.finish(place);
  }
  if (hostname !== "") writer.text(delimited(7), hostname);
  for (const tag of content.tags) writer.text(delimited(8), tag);
  if (source !== "") writer.text(delimited(9), source);
  const bytes = writer.target.slice(0, writer.to);
  writer.target = scratch;
  return withinLimit(bytes);
}

/** What the alert takes at the most: a UTF-16 unit becomes up to three bytes. */
function roomFor({ rule, output, outputFields, hostname, tags, source }: AlertContent): number {
  let units = rule.length + output.length + hostname.length + source.length;
  for (const [name, value] of outputFields) units += name.length + value.length;
  for (const tag of tags) units += tag.length;
  return 3 * units + entryBytes * (outputFields.size + tags.length) + overheadBytes;
}

/** A time before 1970 is a varint of ten bytes, in two's complement. */
function seconds(value: number): void {
  if (value >= 0) {
    writer.number(varint(1), value);
    return;
  }
  writer.target[writer.to++] = varint(1);
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) writer.target[writer.to++] = Number(rest & 0x7fn) | 0x80;
  writer.target[writer.to++] = Number(rest);
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
