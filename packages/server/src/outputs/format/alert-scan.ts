import { BinaryReader } from "@bufbuild/protobuf/wire";
import { alertField, continued, wireType } from "@falco-outputs/core/codec";

const { priority: priorityField, output: outputField, source: sourceField } = alertField;
const { varint, delimited } = wireType;

/**
 * Finds in an encoded alert what the outputs need, in place: decoding it would cost ten times as much. The last of
 * repeated fields counts, as in every decoder.
 */
export class AlertScan {
  /** From 0 (Emergency, also if it is absent) to 7 (Debug); in alerts that came encoded, any 32-bit integer. */
  priority = 0;
  /** Where `output` begins and ends in the bytes; the same place for an empty one. */
  outputStart = 0;
  outputEnd = 0;
  /** The same for `source`. */
  sourceStart = 0;
  sourceEnd = 0;

  /** Reads the alert that is `bytes` from `start` to `end`; it must be a valid message. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.#clear();
    if (this.#fast(bytes, start, end)) return;
    this.#clear();
    this.#slow(bytes, start, end);
  }

  #clear(): void {
    this.priority = this.outputStart = this.outputEnd = this.sourceStart = this.sourceEnd = 0;
  }

  /** False for what Falco does not write: unknown fields, unknown priorities. */
  #fast(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (at < end) {
      const tag = bytes[at++]!;
      const field = tag >>> 3;
      if (tag >= continued || field > sourceField) return false;
      let value = bytes[at++]!;
      if (value >= continued) {
        value &= 0x7f;
        for (let shift = 7; ; shift += 7) {
          const byte = bytes[at++]!;
          value |= (byte & 0x7f) << shift;
          if (byte < continued) break;
          if (shift > 14) return false;
        }
      }
      if ((tag & 7) === delimited) {
        if (field === outputField) {
          this.outputStart = at;
          this.outputEnd = at + value;
        } else if (field === sourceField) {
          this.sourceStart = at;
          this.sourceEnd = at + value;
        }
        at += value;
      } else if ((tag & 7) === varint) {
        if (field === priorityField) this.priority = value;
      } else {
        return false;
      }
    }
    return at === end;
  }

  #slow(bytes: Uint8Array, start: number, end: number): void {
    const reader = new BinaryReader(bytes.subarray(start, end));
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === priorityField) {
        this.priority = reader.int32();
      } else if (field === outputField || field === sourceField) {
        const length = reader.uint32();
        const from = start + reader.pos;
        reader.pos += length;
        if (field === outputField) {
          this.outputStart = from;
          this.outputEnd = from + length;
        } else {
          this.sourceStart = from;
          this.sourceEnd = from + length;
        }
      } else {
        reader.skip(type, field);
      }
    }
  }
}
