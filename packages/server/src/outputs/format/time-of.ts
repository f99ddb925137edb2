import { BinaryReader } from "@bufbuild/protobuf/wire";

const timeField = 1;
const secondsField = 1;
const nanosField = 2;

/** When an encoded alert was emitted, in microseconds since 1970; 0 where it does not say. */
export function timeOf(alert: Uint8Array): number {
  const reader = new BinaryReader(alert);
  let us = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === timeField) us = readTimestamp(reader);
    else reader.skip(type, field);
  }
  return us;
}

function readTimestamp(reader: BinaryReader): number {
  const end = reader.uint32() + reader.pos;
  let seconds = 0;
  let nanos = 0;
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (field === secondsField) seconds = Number(reader.int64());
    else if (field === nanosField) nanos = reader.int32();
    else reader.skip(type, field);
  }
  return seconds * 1e6 + Math.floor(nanos / 1000);
}
