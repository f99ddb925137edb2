// The wire format of alerts: protobuf's tags and varints (https://protobuf.dev/programming-guides/encoding), the fields
// of `falco.outputs.response`, and gRPC's prefix. Nothing else knows these numbers.

/** The wire types that alerts use: the last three bits of a tag. */
export const wireType = { varint: 0, delimited: 2 } as const;

/** A byte from here on is continued by the next one; the other bits are the value's. */
export const continued = 0x80;

/** The fields of `falco.outputs.response`. */
export const alertField = {
  time: 1,
  priority: 2,
  sourceDeprecated: 3,
  rule: 4,
  output: 5,
  outputFields: 6,
  hostname: 7,
  tags: 8,
  source: 9,
  sequence: 10,
  scanned: 11,
} as const;

/** The byte that begins a length-delimited field of this number, from 1 to 15. */
export function delimited(number: number): number {
  return (number << 3) | wireType.delimited;
}

/** The byte that begins a varint field of this number, from 1 to 15. */
export function varint(number: number): number {
  return (number << 3) | wireType.varint;
}

/** The byte that begins each field of an alert. */
export const alertTag = {
  time: delimited(alertField.time),
  priority: varint(alertField.priority),
  sourceDeprecated: varint(alertField.sourceDeprecated),
  rule: delimited(alertField.rule),
  output: delimited(alertField.output),
  outputFields: delimited(alertField.outputFields),
  hostname: delimited(alertField.hostname),
  tags: delimited(alertField.tags),
  source: delimited(alertField.source),
  sequence: varint(alertField.sequence),
  scanned: varint(alertField.scanned),
} as const;

/** Those of `google.protobuf.Timestamp`. */
export const timeTag = { seconds: varint(1), nanos: varint(2) } as const;

/** The fields of an entry of a map. */
export const entryField = { key: 1, value: 2 } as const;

/** Those of an entry of a map. */
export const entryTag = { key: delimited(1), value: delimited(2) } as const;

/** The largest number for which JavaScript's operators on bits work. */
const maxInt32 = 0x7fff_ffff;

/** How many bytes a number from 0 to 2^53 takes as a varint. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let bound = continued; value >= bound; bound *= continued) bytes++;
  return bytes;
}

/** Writes a number from 0 to 2^53 at `at`; returns where it ends. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let to = at;
  let rest = value;
  for (; rest > maxInt32; rest = Math.floor(rest / continued)) bytes[to++] = (rest % continued) | continued;
  for (; rest >= continued; rest >>>= 7) bytes[to++] = (rest & 0x7f) | continued;
  bytes[to++] = rest;
  return to;
}

/** The size of the field that `writeSequence` writes. */
export function sequenceBytes(sequence: number): number {
  return 1 + varintBytes(sequence);
}

/** Writes an alert's sequence number, its last field; returns where it ends. */
export function writeSequence(bytes: Uint8Array, at: number, sequence: number): number {
  bytes[at] = alertTag.sequence;
  return writeVarint(bytes, at + 1, sequence);
}

/** What stands before each message in a gRPC stream, in bytes: whether it is compressed, and its length. */
export const prefixBytes = 5;

/** Writes the prefix of a message that is not compressed; returns where it ends. */
export function writePrefix(bytes: Uint8Array, at: number, messageBytes: number): number {
  bytes[at] = 0;
  bytes[at + 1] = messageBytes >>> 24;
  bytes[at + 2] = messageBytes >>> 16;
  bytes[at + 3] = messageBytes >>> 8;
  bytes[at + 4] = messageBytes;
  return at + prefixBytes;
}

/** The length in the prefix at `at`. */
export function messageBytesAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!) >>> 0;
}
