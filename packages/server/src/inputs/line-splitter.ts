const newline = 0x0a;

/**
 * Finds the lines in a stream of chunks. Of a line that is not whole yet it holds at most `maxBytes`; a longer one is
 * skipped to its end.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #onLine: (line: Uint8Array) => void;
  readonly #onTooLong: () => void;
  #parts: Uint8Array[] = [];
  #held = 0;
  #skipping = false;

  constructor(maxBytes: number, onLine: (line: Uint8Array) => void, onTooLong: () => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
    this.#onTooLong = onTooLong;
  }

  write(chunk: Uint8Array): void {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#hold(chunk.subarray(start, end));
      this.end();
      start = end + 1;
    }
    if (start === chunk.length) return;
    this.#hold(chunk.subarray(start));
    // The rest is held beyond this call, while the chunk may be another stream's soon.
    const last = this.#parts.at(-1);
    if (last !== undefined) this.#parts[this.#parts.length - 1] = last.slice();
  }

  /** The stream is at its end, or at the end of a line. */
  end(): void {
    if (!this.#skipping && this.#held > 0) this.#onLine(this.#line());
    this.#parts = [];
    this.#held = 0;
    this.#skipping = false;
  }

  #hold(part: Uint8Array): void {
    if (this.#skipping) return;
    this.#held += part.length;
    if (this.#held <= this.#maxBytes) {
      this.#parts.push(part);
      return;
    }
    this.#parts = [];
    this.#skipping = true;
    this.#onTooLong();
  }

  #line(): Uint8Array {
    return this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
  }
}
