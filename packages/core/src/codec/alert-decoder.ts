import { fromBinary } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type Alert, AlertMessage, toAlert } from "../alert-message.js";
import { OutputsResponseSchema } from "../contract.js";
import { delimited, varint } from "./wire.js";
import { withUtf8 } from "./with-utf8.js";

/** How a runtime makes text of a part of some bytes. */
export interface TextSlices {
  /** Each byte a character. */
  latin1(bytes: Uint8Array, start: number, end: number): string;
  /** What is not UTF-8 becomes U+FFFD. */
  utf8(bytes: Uint8Array, start: number, end: number): string;
}

/**
 * An alert up to this size, in bytes, is made text as a whole, of which its strings are parts: JavaScript engines share
 * the memory, so that one string keeps all of its alert's text.
 */
const maxSharedBytes = 4 * 1024;

const maxVarintBytes = 8;
/** What the fast path does not know; it never leaves this file. */
const unusual = new Error("unusual");

/**
 * The fast path from the bytes of a `falco.outputs.response` to an alert. It knows what servers send, and leaves all
 * else to protobuf-es: unknown fields, repeated ones, numbers that are not a priority, bytes that are not a message. The
 * alert is the same, but for an output field `__proto__`, which protobuf-es loses. Text that is not UTF-8, which Falco
 * sends at times, is replaced where it is not.
 */
export class AlertDecoder {
  readonly #slices: TextSlices;
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  /** Where the next byte is read, and where the message ends. */
  #at = 0;
  #end = 0;
  /** The whole message, a character a byte, beginning at `#textStart`; undefined if it is too large for that. */
  #text: string | undefined;
  #textStart = 0;

  constructor(slices: TextSlices) {
    this.#slices = slices;
  }

  /**
   * Decodes the message that is `bytes` from `start` to `end`.
   * @throws what `fromBinary` of protobuf-es throws for bytes that are not such a message.
   */
  decode(bytes: Uint8Array, start: number, end: number): Alert {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.#at = start;
    this.#end = end;
    this.#textStart = start;
    this.#text = end - start > maxSharedBytes ? undefined : this.#slices.latin1(bytes, start, end);
    try {
      return this.#alert();
    } catch (error) {
      if (error !== unusual) throw error;
      // A copy, since unknown fields are parts of what they were decoded from.
      const message = new Uint8Array(bytes.subarray(start, end));
      return toAlert(fromBinary(OutputsResponseSchema, withUtf8(message) ?? message));
    }
  }

  #alert(): Alert {
    const end = this.#end;
    const alert = new AlertMessage();
    while (this.#at < end) {
      switch (this.#bytes[this.#at++]) {
        case delimited(1):
          if (alert.time !== undefined) throw unusual;
          alert.time = this.#time();
          break;
        case varint(2):
          alert.priority = this.#smallNumber();
          break;
        case varint(3):
          alert.sourceDeprecated = this.#smallNumber();
          break;
        case delimited(4):
          alert.rule = this.#string();
          break;
        case delimited(5):
          alert.output = this.#string();
          break;
        case delimited(6):
          this.#outputField(alert.outputFields);
          break;
        case delimited(7):
          alert.hostname = this.#string();
          break;
        case delimited(8):
          alert.tags.push(this.#string());
          break;
        case delimited(9):
          alert.source = this.#string();
          break;
        case varint(10):
          alert.sequence = BigInt(this.#varint());
          break;
        default:
          throw unusual;
      }
    }
    if (this.#at !== end) throw unusual;
    return alert as Alert;
  }

  #outputField(fields: Record<string, string>): void {
    const end = this.#delimitedEnd();
    if (this.#bytes[this.#at++] !== delimited(1)) throw unusual;
    const name = this.#string();
    if (this.#bytes[this.#at++] !== delimited(2)) throw unusual;
    const value = this.#string();
    if (this.#at !== end) throw unusual;
    if (name === "__proto__") defineField(fields, name, value);
    else fields[name] = value;
  }

  #time(): Timestamp {
    const end = this.#delimitedEnd();
    const time: Timestamp = { $typeName: "google.protobuf.Timestamp", seconds: 0n, nanos: 0 };
    if (this.#at < end && this.#bytes[this.#at] === varint(1)) {
      this.#at++;
      time.seconds = BigInt(this.#varint());
    }
    if (this.#at < end && this.#bytes[this.#at] === varint(2)) {
      this.#at++;
      const nanos = this.#varint();
      if (nanos > 0x7fff_ffff) throw unusual;
      time.nanos = nanos;
    }
    if (this.#at !== end) throw unusual;
    return time;
  }

  #string(): string {
    const end = this.#delimitedEnd();
    const start = this.#at;
    this.#at = end;
    if (this.#isAscii(start, end)) {
      if (this.#text === undefined) return this.#slices.latin1(this.#bytes, start, end);
      return this.#text.substring(start - this.#textStart, end - this.#textStart);
    }
    return this.#slices.utf8(this.#bytes, start, end);
  }

  #isAscii(start: number, end: number): boolean {
    const view = this.#view;
    let all = 0;
    let at = start;
    for (; at + 4 <= end; at += 4) all |= view.getInt32(at);
    for (; at < end; at++) all |= this.#bytes[at]!;
    return (all & 0x8080_8080) === 0;
  }

  /** Where the value ends whose length comes next. */
  #delimitedEnd(): number {
    const length = this.#varint();
    const end = this.#at + length;
    if (end > this.#end) throw unusual;
    return end;
  }

  /** A number of an enumeration. */
  #smallNumber(): number {
    const number = this.#bytes[this.#at++]!;
    if (number > 0x7f) throw unusual;
    return number;
  }

  /** A number below 2^53. */
  #varint(): number {
    const byte = this.#bytes[this.#at++]!;
    return byte < 0x80 ? byte : this.#longVarint(byte & 0x7f);
  }

  /** The rest of a number of more than one byte. */
  #longVarint(first: number): number {
    const bytes = this.#bytes;
    let number = first;
    let place = 0x80;
    for (let read = 2; ; read++) {
      const byte = bytes[this.#at++]!;
      number += (byte & 0x7f) * place;
      if (byte < 0x80) break;
      if (read === maxVarintBytes) throw unusual;
      place *= 0x80;
    }
    if (number > Number.MAX_SAFE_INTEGER) throw unusual;
    return number;
  }
}

/** Assigning to `__proto__` would set the prototype. */
function defineField(fields: Record<string, string>, name: string, value: string): void {
  Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
}
