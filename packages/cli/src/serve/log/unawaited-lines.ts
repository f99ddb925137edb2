import type { Writable } from "node:stream";

/** How much is kept for a reader that has fallen behind, in UTF-16 units. */
const maxKept = 256 * 1024;

/**
 * Writes lines to a stream that may not be read: nobody waits for it. While it takes nothing, the newest lines are kept,
 * within a bound, and the oldest are dropped and counted.
 */
export class UnawaitedLines {
  readonly #stream: Writable;
  readonly #tellDropped: (count: number) => string;
  #kept: string[] = [];
  #keptLength = 0;
  #dropped = 0;
  #isWriting = false;
  #onWritten: (() => void) | undefined;

  /** @param tellDropped Makes the line that says how many were dropped; it takes their place. */
  constructor(stream: Writable, tellDropped: (count: number) => string) {
    this.#stream = stream;
    this.#tellDropped = tellDropped;
    // Its reader is gone. The stream itself drops what is written from now on.
    stream.on("error", () => undefined);
  }

  add(line: string): void {
    this.#kept.push(line);
    this.#keptLength += line.length;
    while (this.#keptLength > maxKept && this.#kept.length > 1) {
      this.#keptLength -= this.#kept.shift()!.length;
      this.#dropped++;
    }
    this.#write();
  }

  /** Resolves when all lines are written: true; or after a time, in milliseconds: false. */
  async written(withinMs: number): Promise<boolean> {
    if (!this.#isWriting) return true;
    return await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), withinMs);
      this.#onWritten = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  /** Passes on what there is, once the stream has written what it got before. */
  #write(): void {
    if (this.#isWriting) return;
    if (this.#kept.length === 0) {
      this.#onWritten?.();
      return;
    }
    const text = (this.#dropped > 0 ? this.#tellDropped(this.#dropped) : "") + this.#kept.join("");
    this.#kept = [];
    this.#keptLength = 0;
    this.#dropped = 0;
    this.#isWriting = true;
    this.#stream.write(text, () => {
      this.#isWriting = false;
      this.#write();
    });
  }
}
