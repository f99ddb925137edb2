import { continued } from "./wire.js";

/** What stands between a field's number and its value: the last three bits of a tag. */
const WireType = { varint: 0, bit64: 1, delimited: 2, startGroup: 3, endGroup: 4, bit32: 5 } as const;

/**
 * Walks over the fields of an encoded message, in place: no objects, no text. The message must be valid, as
 * `acceptEncoded` leaves it.
 */
export class FieldWalk {
  #bytes: Uint8Array;
  #at: number;
  #end: number;
  /** The number of the field that `next` found. */
  field = 0;
  /** Where its value begins and ends. Of a length-delimited one, that is its content. */
  start = 0;
  end = 0;

  constructor(bytes: Uint8Array = new Uint8Array(0), start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Begins with the message that is `bytes` from `start` to `end`. */
  open(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Moves to the next field; false after the last one. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    let tag = this.#bytes[this.#at++]!;
    if (tag >= continued) tag = this.#restOf(tag);
    this.field = tag >>> 3;
    const type = tag & 7;
    if (type === WireType.delimited) {
      let length = this.#bytes[this.#at++]!;
      if (length >= continued) length = this.#restOf(length);
      this.start = this.#at;
      this.#at += length;
    } else {
      this.start = this.#at;
      this.#skip(type);
    }
    this.end = this.#at;
    return true;
  }

  /** The rest of a 32-bit number of more than one byte. */
  #restOf(first: number): number {
    let value = first & 0x7f;
    for (let shift = 7; ; shift += 7) {
      const byte = this.#bytes[this.#at++]!;
      // What a longer varint than that holds is beyond 32 bits.
      if (shift <= 28) value |= (byte & 0x7f) << shift;
      if (byte < continued) return value >>> 0;
    }
  }

  #skip(type: number): void {
    if (type === WireType.varint) this.#skipVarint();
    else if (type === WireType.bit64) this.#at += 8;
    else if (type === WireType.bit32) this.#at += 4;
    else if (type === WireType.startGroup) this.#skipGroup();
  }

  #skipVarint(): void {
    while (this.#bytes[this.#at++]! >= continued);
  }

  #skipGroup(): void {
    for (let depth = 1; depth > 0 && this.#at < this.#end; ) {
      const type = this.#number() & 7;
      if (type === WireType.startGroup) {
        depth++;
      } else if (type === WireType.endGroup) {
        depth--;
      } else if (type === WireType.delimited) {
        const length = this.#number();
        this.#at += length;
      } else {
        this.#skip(type);
      }
    }
  }

  /** A tag or a length. */
  #number(): number {
    const first = this.#bytes[this.#at++]!;
    return first < continued ? first : this.#restOf(first);
  }
}

/** The 32-bit integer that begins at `at`, as protobuf's int32 and enums have it. */
export function int32At(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at + shift / 7]!;
    value |= (byte & 0x7f) << shift;
    if (byte < continued || shift === 28) return value;
  }
}

/** The 64-bit integer that begins at `at`, as protobuf's int64 has it; rounded if it is beyond 2^53. */
export function int64At(bytes: Uint8Array, at: number): number {
  let low = 0;
  let high = 0;
  for (let index = 0; ; index++) {
    const byte = bytes[at + index]!;
    const bits = byte & 0x7f;
    if (index < 4) low |= bits << (7 * index);
    else if (index === 4) {
      low |= bits << 28;
      high = bits >>> 4;
    } else high |= bits << (7 * index - 32);
    if (byte < continued || index === 9) return high * 2 ** 32 + (low >>> 0);
  }
}
