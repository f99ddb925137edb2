const nothing = Buffer.alloc(0);

/** Byte order marks (https://www.unicode.org/faq/utf_bom.html#bom4). PowerShell's `>` begins a file with the second one. */
const marks = [
  { encoding: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", bytes: [0xff, 0xfe] },
  { encoding: "utf-16be", bytes: [0xfe, 0xff] },
] as const;

/** The encoding that a text's byte order mark indicates; undefined for a text without one. */
export function markedEncoding(bytes: Uint8Array): (typeof marks)[number]["encoding"] | undefined {
  // Alerts begin with ASCII, and need no search.
  if (bytes.length === 0 || bytes[0]! < 0x80) return undefined;
  return marks.find((mark) => mark.bytes.every((byte, index) => bytes[index] === byte))?.encoding;
}

/** A whole text as UTF-8 without a byte order mark: the bytes themselves, unless they are marked as something else. */
export function toUtf8(bytes: Uint8Array): Uint8Array {
  const encoding = markedEncoding(bytes);
  return encoding === undefined ? bytes : Buffer.from(new TextDecoder(encoding).decode(bytes));
}

/** The same for a text that comes in chunks. */
export class Utf8Stream {
  #decoder: TextDecoder | undefined;
  /** Whether it is known how the text begins; until then `#held` is all of it. */
  #hasBegun = false;
  #held: Uint8Array = nothing;

  /** The text that this chunk completes; valid as long as the chunk. */
  write(chunk: Uint8Array): Uint8Array {
    if (this.#hasBegun) return this.#decode(chunk);
    const begin = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    if (mayBecomeMark(begin)) {
      this.#held = Uint8Array.from(begin);
      return nothing;
    }
    this.#hasBegun = true;
    const encoding = markedEncoding(begin);
    if (encoding !== undefined) this.#decoder = new TextDecoder(encoding);
    return this.#decode(begin);
  }

  /** What is left at the end. */
  end(): Uint8Array {
    return this.#hasBegun ? Buffer.from(this.#decoder?.decode() ?? "") : this.#held;
  }

  #decode(chunk: Uint8Array): Uint8Array {
    return this.#decoder === undefined ? chunk : Buffer.from(this.#decoder.decode(chunk, { stream: true }));
  }
}

function mayBecomeMark(begin: Uint8Array): boolean {
  return marks.some(
    ({ bytes }) => begin.length < bytes.length && begin.every((byte, index) => byte === bytes[index]),
  );
}
