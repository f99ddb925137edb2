import { BinaryReader } from "@bufbuild/protobuf/wire";

const priorityField = 2;

/** The priority of an encoded alert, from 0 (Emergency, also where it is absent) to 7 (Debug). */
export function priorityOf(alert: Uint8Array): number {
  const reader = new BinaryReader(alert);
  let priority = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === priorityField) priority = reader.int32();
    else reader.skip(type, field);
  }
  return priority;
}
