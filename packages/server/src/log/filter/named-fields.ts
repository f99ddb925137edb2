import { continued, entryField, entryTag, FieldWalk } from "@falco-outputs/core/codec";
import type { AlertParts } from "./alert-parts.js";
import { ByteTexts } from "./byte-texts.js";

const walk = new FieldWalk();
const absent = -1;

/** Finds those output fields of an alert that filters name, all of them in one pass. */
export class NamedFields {
  readonly #names: ByteTexts;
  /** Where the value of each name begins, or `absent`, and where it ends. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #isRead = false;
  #nameStart = 0;
  #nameEnd = 0;
  #valueStart = 0;
  #valueEnd = 0;

  constructor(names: readonly string[]) {
    this.#names = new ByteTexts(names);
    this.#starts = new Int32Array(this.#names.count);
    this.#ends = new Int32Array(this.#names.count);
  }

  /** The number of a name, by which it is asked for. */
  numberOf(name: string): number {
    const bytes = new TextEncoder().encode(name);
    return this.#names.indexOf(bytes, 0, bytes.length);
  }

  /** Another alert comes. */
  clear(): void {
    this.#isRead = false;
  }

  /** Where the value of a field begins; -1 if the alert does not have it. */
  startOf(number: number, alert: AlertParts): number {
    if (!this.#isRead) this.#read(alert);
    return this.#starts[number]!;
  }

  /** Where it ends, once `startOf` was called. */
  endOf(number: number): number {
    return this.#ends[number]!;
  }

  #read({ bytes, outputFields }: AlertParts): void {
    this.#isRead = true;
    this.#starts.fill(absent);
    for (let index = 0; index < outputFields.count; index++) {
      this.#readEntry(bytes, outputFields.startOf(index), outputFields.endOf(index));
      const number = this.#names.indexOf(bytes, this.#nameStart, this.#nameEnd);
      if (number === -1) continue;
      // Of a name that comes twice, the last value counts.
      this.#starts[number] = this.#valueStart;
      this.#ends[number] = this.#valueEnd;
    }
  }

  #readEntry(bytes: Uint8Array, start: number, end: number): void {
    if (this.#readUsualEntry(bytes, start, end)) return;
    this.#nameStart = this.#nameEnd = this.#valueStart = this.#valueEnd = start;
    walk.open(bytes, start, end);
    while (walk.next()) {
      if (walk.field === entryField.key) {
        this.#nameStart = walk.start;
        this.#nameEnd = walk.end;
      } else {
        this.#valueStart = walk.start;
        this.#valueEnd = walk.end;
      }
    }
  }

  /** False for what is not a name of at most 127 bytes, and then a value of at most 16,383. */
  #readUsualEntry(bytes: Uint8Array, start: number, end: number): boolean {
    const nameBytes = bytes[start + 1]!;
    if (start === end || bytes[start] !== entryTag.key || nameBytes >= continued) return false;
    this.#nameStart = start + 2;
    this.#nameEnd = this.#nameStart + nameBytes;
    let at = this.#nameEnd;
    if (at >= end || bytes[at++] !== entryTag.value) return false;
    let valueBytes = bytes[at++]!;
    if (valueBytes >= continued) {
      const high = bytes[at++]!;
      if (high >= continued) return false;
      valueBytes = (valueBytes & 0x7f) | (high << 7);
    }
    this.#valueStart = at;
    this.#valueEnd = end;
    return at + valueBytes === end;
  }
}
