import { delimited, varint, type WireWriter } from "./wire-writer.js";

/** Of an alert but its texts: tags, lengths, numbers; in bytes. */
const overheadBytes = 64;
/** Of a field or tag beside its text. */
const entryBytes = 16;

/** What an alert may take at the most, in bytes: a UTF-16 unit of its texts becomes up to three. */
export function roomForTexts(units: number, entries: number): number {
  return 3 * units + entryBytes * entries + overheadBytes;
}

/** Writes fields 1 to 5 of a `falco.outputs.response`. */
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
    const place = writer.begin(delimited(1));
    seconds(writer, time.seconds);
    writer.number(varint(2), time.nanos);
    writer.finish(place);
  }
  writer.number(varint(2), priority);
  writer.number(varint(3), sourceDeprecated);
  if (rule !== "") writer.text(delimited(4), rule);
  if (output !== "") writer.text(delimited(5), output);
}

/** Writes one of the entries of field 6. */
export function writeOutputField(writer: WireWriter, name: string, value: string): void {
  const place = writer.begin(delimited(6));
  writer.text(delimited(1), name);
  writer.text(delimited(2), value);
  writer.finish(place);
}

/** Writes fields 7 to 9. */
export function writeTail(
  writer: WireWriter,
  hostname: string,
  tags: readonly string[],
  source: string,
): void {
  if (hostname !== "") writer.text(delimited(7), hostname);
  for (const tag of tags) writer.text(delimited(8), tag);
  if (source !== "") writer.text(delimited(9), source);
}

/** A time before 1970 is a varint of ten bytes, in two's complement. */
function seconds(writer: WireWriter, value: number): void {
  if (value >= 0) {
    writer.number(varint(1), value);
    return;
  }
  writer.target[writer.to++] = varint(1);
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) writer.target[writer.to++] = Number(rest & 0x7fn) | 0x80;
  writer.target[writer.to++] = Number(rest);
}
