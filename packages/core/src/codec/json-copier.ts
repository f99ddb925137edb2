import { absentValue } from "./content.js";
import { WireWriter } from "./wire-writer.js";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const zero = 0x30;
const utf8 = new TextEncoder();
const nothing: Uint8Array = new Uint8Array(0);

/** Text as bytes. */
export function ascii(text: string): Uint8Array {
  return utf8.encode(text);
}

const words = { null: ascii("null"), true: ascii("true"), false: ascii("false"), absent: ascii(absentValue) };

/** 1 for each byte that a JSON string holds as it is: ASCII but for quote, backslash and control characters. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== quote && byte !== backslash ? 1 : 0,
);

/** What each character after a backslash means; 0 for those that form no escape. */
const escapes = new Uint8Array(256);
for (const [letter, meant] of Object.entries({
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
})) {
  escapes[letter.charCodeAt(0)] = meant.charCodeAt(0);
}

/**
 * Copies values from JSON text to protobuf's wire format, byte for byte. Each method reads on from `at` and writes on
 * from `to`, or returns false for what it does not know; both places are meaningless then.
 */
export class JsonCopier extends WireWriter {
  source = nothing;
  #sourceView = viewOf(nothing);
  /** Where the next byte is read. */
  at = 0;
  /** Where the text ends. */
  end = 0;
  #targetView = viewOf(nothing);

  /**
   * Begins with the text that is `source` from `start` to `end`; `target` has `roomFor` it. Both are kept until others
   * come.
   */
  open(source: Uint8Array, start: number, end: number, target: Uint8Array, to: number): void {
    if (source !== this.source) {
      this.source = source;
      this.#sourceView = viewOf(source);
    }
    if (target !== this.target) {
      this.target = target;
      this.#targetView = viewOf(target);
    }
    this.at = start;
    this.end = end;
    this.to = to;
  }

  /** Reads one byte, if it is the next. */
  take(byte: number): boolean {
    if (this.at >= this.end || this.source[this.at] !== byte) return false;
    this.at++;
    return true;
  }

  /** Reads all of `text`, if it comes next. */
  takeText(text: Uint8Array): boolean {
    const { source, at } = this;
    if (at + text.length > this.end) return false;
    for (let i = 0; i < text.length; i++) if (source[at + i] !== text[i]) return false;
    this.at = at + text.length;
    return true;
  }

  /** A string as a length-delimited field; `tag` is the field's first byte. */
  string(tag: number): boolean {
    const start = this.begin(tag);
    if (!this.#text()) return false;
    this.finish(start);
    return true;
  }

  /** A string that does not matter. */
  skipString(): boolean {
    const { to } = this;
    const known = this.#text();
    this.to = to;
    return known;
  }

  /** Any value but objects and lists of lists as the text that `JsonReader.fieldText` has for it, as a length-delimited field. */
  fieldText(tag: number): boolean {
    const start = this.begin(tag);
    if (!this.#fieldText()) return false;
    this.finish(start);
    return true;
  }

  #fieldText(): boolean {
    switch (this.source[this.at]) {
      case quote:
        return this.#text();
      case 0x6e: // n
        return this.takeText(words.null) && this.#write(words.absent);
      case 0x74: // t
        return this.takeText(words.true) && this.#write(words.true);
      case 0x66: // f
        return this.takeText(words.false) && this.#write(words.false);
      case openBracket:
        return this.#list();
      default:
        return this.#number();
    }
  }

  /** A list as `(a,b)`. */
  #list(): boolean {
    this.at++;
    this.target[this.to++] = 0x28; // (
    if (!this.take(closeBracket)) {
      do {
        if (this.source[this.at] === openBracket || !this.#fieldText()) return false;
        this.target[this.to++] = comma;
      } while (this.take(comma));
      if (!this.take(closeBracket)) return false;
      this.to--;
    }
    this.target[this.to++] = 0x29; // )
    return true;
  }

  /** A string's text, its simple escapes resolved. */
  #text(): boolean {
    if (!this.take(quote)) return false;
    const { source, target, end } = this;
    const sourceView = this.#sourceView;
    const targetView = this.#targetView;
    let { at, to } = this;
    while (at < end) {
      for (; at + 4 <= end; at += 4, to += 4) {
        const word = sourceView.getInt32(at);
        if (!isPlainWord(word)) break;
        targetView.setInt32(to, word);
      }
      while (at < end && isPlain[source[at]!] === 1) target[to++] = source[at++]!;
      const byte = at < end ? source[at]! : 0;
      if (byte === quote) {
        this.at = at + 1;
        this.to = to;
        return true;
      }
      if (byte === backslash) {
        const meant = at + 1 < end ? escapes[source[at + 1]!]! : 0;
        if (meant === 0) return false;
        target[to++] = meant;
        at += 2;
      } else {
        const after = at + utf8Bytes(source, at, end);
        if (after === at) return false;
        while (at < after) target[to++] = source[at++]!;
      }
    }
    return false;
  }

  /** A number, digit for digit (RFC 8259, section 6). */
  #number(): boolean {
    const { source, target, at: start } = this;
    this.take(0x2d); // -
    const first = source[this.at];
    const whole = this.#skipDigits();
    if (whole === 0 || (whole > 1 && first === zero)) return false;
    if (this.take(0x2e) && this.#skipDigits() === 0) return false; // .
    if (this.take(0x65) || this.take(0x45)) {
      // e or E
      if (!this.take(0x2b)) this.take(0x2d); // + or -
      if (this.#skipDigits() === 0) return false;
    }
    for (let at = start; at < this.at; at++) target[this.to++] = source[at]!;
    return true;
  }

  #skipDigits(): number {
    const { source, end, at: start } = this;
    let at = start;
    while (at < end && isDigit(source[at]!)) at++;
    this.at = at;
    return at - start;
  }

  #write(text: Uint8Array): true {
    for (let i = 0; i < text.length; i++) this.target[this.to++] = text[i]!;
    return true;
  }
}

/**
 * The same for four bytes at once, twice as fast: the highest bit of each byte is set where it is below a space, a quote
 * or a backslash (made zero, and then one less), or above ASCII.
 */
function isPlainWord(word: number): boolean {
  const quotes = word ^ 0x2222_2222;
  const backslashes = word ^ 0x5c5c_5c5c;
  const found =
    ((word - 0x2020_2020) & ~word) |
    ((quotes - 0x0101_0101) & ~quotes) |
    ((backslashes - 0x0101_0101) & ~backslashes) |
    word;
  return (found & 0x8080_8080) === 0;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** How much may be written for `bytes` of JSON: `"":0,` is five bytes and becomes seven. */
export function roomFor(bytes: number): number {
  return 2 * bytes + 64;
}

export function isDigit(byte: number): boolean {
  return byte >= zero && byte <= 0x39;
}

/** How long the character that is not ASCII is in UTF-8 (RFC 3629, section 4); 0 if it is none. */
function utf8Bytes(source: Uint8Array, at: number, end: number): number {
  const first = source[at]!;
  const second = at + 1 < end ? source[at + 1]! : 0;
  if (first >= 0xc2 && first <= 0xdf) return isTail(second) ? 2 : 0;
  if (at + 2 >= end || !isTail(source[at + 2]!)) return 0;
  if (first >= 0xe0 && first <= 0xef) {
    const least = first === 0xe0 ? 0xa0 : 0x80;
    // Beyond lie the surrogates.
    const most = first === 0xed ? 0x9f : 0xbf;
    return second >= least && second <= most ? 3 : 0;
  }
  if (at + 3 >= end || !isTail(source[at + 3]!)) return 0;
  if (first < 0xf0 || first > 0xf4) return 0;
  const least = first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xf4 ? 0x8f : 0xbf;
  return second >= least && second <= most ? 4 : 0;
}

function isTail(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
