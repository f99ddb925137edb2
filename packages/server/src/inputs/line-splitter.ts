import { withRoom } from "@falco-outputs/core/codec";

const newline = 0x0a;
const nothing: Uint8Array = new Uint8Array(0);
/** More memory than this, in bytes, is released after a line. */
const maxKeptBytes = 64 * 1024;

/** Takes a line without its line end: `bytes` from `start` to `end`, which are the taker's only within the call. */
export type OnLine = (bytes: Uint8Array, start: number, end: number) => void;

/** Passes on each complete line from `from` on, unless it is empty; returns where the rest begins. */
function splitWholeLines(bytes: Uint8Array, from: number, onLine: OnLine): number {
  let start = from;
  for (let end = bytes.indexOf(newline, start); end !== -1; end = bytes.indexOf(newline, start)) {
    if (end > start) onLine(bytes, start, end);
    start = end + 1;
  }
  return start;
}

/**
 * Finds the lines in a stream of chunks, in place. Of a line that is not whole yet it holds at most `maxBytes`; a
 * longer one is skipped to its end. Empty lines are nothing.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #onLine: OnLine;
  readonly #onTooLong: () => void;
  /** The beginning of a line whose end is still to come, in the first `#held` bytes. */
  #beginning = nothing;
  #held = 0;
  #skipping = false;

  constructor(maxBytes: number, onLine: OnLine, onTooLong: () => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
    this.#onTooLong = onTooLong;
  }

  write(chunk: Uint8Array): void {
    let start = 0;
    if (this.#held > 0 || this.#skipping) {
      const end = chunk.indexOf(newline);
      this.#hold(chunk, 0, end === -1 ? chunk.length : end);
      if (end === -1) return;
      this.end();
      start = end + 1;
    }
    const rest = splitWholeLines(chunk, start, this.#onWholeLine);
    // Copied, since the chunk may be another stream's soon.
    this.#hold(chunk, rest, chunk.length);
  }

  /** The stream is at its end, or at the end of a line. */
  end(): void {
    if (this.#held > 0) this.#onLine(this.#beginning, 0, this.#held);
    if (this.#beginning.length > maxKeptBytes) this.#beginning = nothing;
    this.#held = 0;
    this.#skipping = false;
  }

  readonly #onWholeLine: OnLine = (chunk, start, end) => {
    if (end - start > this.#maxBytes) this.#onTooLong();
    else this.#onLine(chunk, start, end);
  };

  #hold(chunk: Uint8Array, start: number, end: number): void {
    if (this.#skipping) return;
    const held = this.#held + end - start;
    if (held > this.#maxBytes) {
      this.#held = 0;
      this.#skipping = true;
      this.#onTooLong();
      return;
    }
    this.#beginning = withRoom(this.#beginning, this.#held, held);
    this.#beginning.set(chunk.subarray(start, end), this.#held);
    this.#held = held;
  }
}
