import { alertTag, continued, entryTag, timeTag } from "./wire.js";
import type { WireWriter } from "./wire-writer.js";

/** Of an alert but its texts: tags, lengths, numbers; in bytes. */
const overheadBytes = 64;
/** Of a field or tag beside its text. */
const entryBytes = 16;

/** What an alert may take at most, in bytes: a UTF-16 unit of its texts becomes up to three. */
export function roomForTexts(units: number, entries: number): number {
  return 3 * units + entryBytes * entries + overheadBytes;
}

/** Writes the fields of a `falco.outputs.response` up to `output`. */
export function writeHead(
  writer: WireWriter,
  /** Whole numbers, `nanos` not negative. */
  time: { readonly seconds: number; readonly nanos: number } | undefined,
  priority: number,
  sourceDeprecated: number,
  rule: string,
  output: string,
): void {
  if (time !== undefined) {
    const place = writer.begin(alertTag.time);
    seconds(writer, time.seconds);
    writer.number(timeTag.nanos, time.nanos);
    writer.finish(place);
  }
  writer.number(alertTag.priority, priority);
  writer.number(alertTag.sourceDeprecated, sourceDeprecated);
  if (rule !== "") writer.text(alertTag.rule, rule);
  if (output !== "") writer.text(alertTag.output, output);
}

/** Writes one of the output fields. */
export function writeOutputField(writer: WireWriter, name: string, value: string): void {
  const place = writer.begin(alertTag.outputFields);
  writer.text(entryTag.key, name);
  writer.text(entryTag.value, value);
  writer.finish(place);
}

/** Writes the fields after the output fields, but for the sequence number. */
export function writeTail(
  writer: WireWriter,
  hostname: string,
  tags: readonly string[],
  source: string,
): void {
  if (hostname !== "") writer.text(alertTag.hostname, hostname);
  for (const tag of tags) writer.text(alertTag.tags, tag);
  if (source !== "") writer.text(alertTag.source, source);
}

/** A time before 1970 is a varint of ten bytes, in two's complement. */
function seconds(writer: WireWriter, value: number): void {
  if (value >= 0) {
    writer.number(timeTag.seconds, value);
    return;
  }
  writer.target[writer.to++] = timeTag.seconds;
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) writer.target[writer.to++] = Number(rest & 0x7fn) | continued;
  writer.target[writer.to++] = Number(rest);
}
