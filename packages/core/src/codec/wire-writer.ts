import { continued, varintBytes, writeVarint } from "./wire.js";

const utf8 = new TextEncoder();
const nothing: Uint8Array = new Uint8Array(0);

/** Beyond so many characters, an encoder's own loop is faster than ours. */
const shortText = 24;

/** Writes protobuf's wire format to memory that has room for it. */
export class WireWriter {
  target = nothing;
  /** Where the next byte is written. */
  to = 0;

  /** Begins a length-delimited field; returns the place of its length, for which it leaves one byte. */
  begin(tag: number): number {
    this.target[this.to] = tag;
    this.to += 2;
    return this.to - 1;
  }

  /** Ends the field whose length stands at `place`; a length that needs more than a byte moves what follows it. */
  finish(place: number): void {
    const { target } = this;
    const length = this.to - place - 1;
    if (length < continued) {
      target[place] = length;
      return;
    }
    const extra = varintBytes(length) - 1;
    target.copyWithin(place + 1 + extra, place + 1, this.to);
    writeVarint(target, place, length);
    this.to += extra;
  }

  /** Writes a number from 0 to 2^53. */
  varint(value: number): void {
    this.to = writeVarint(this.target, this.to, value);
  }

  /** Writes a varint field, unless its value is zero: it is what the field is without. */
  number(tag: number, value: number): void {
    if (value === 0) return;
    this.target[this.to++] = tag;
    this.varint(value);
  }

  /** Writes a length-delimited field: a text in UTF-8, half a surrogate pair as U+FFFD. */
  text(tag: number, text: string): void {
    const place = this.begin(tag);
    if (text.length > shortText || !this.#ascii(text)) {
      this.to += utf8.encodeInto(text, this.target.subarray(this.to)).written;
    }
    this.finish(place);
  }

  /** False, and nothing written, for a text that is not ASCII alone. */
  #ascii(text: string): boolean {
    const { target, to } = this;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false;
      target[to + i] = code;
    }
    this.to = to + text.length;
    return true;
  }
}
