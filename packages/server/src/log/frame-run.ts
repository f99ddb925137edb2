import type { Slice } from "./alert-log.js";

/** Consecutive frames in one piece of memory. */
export class FrameRun {
  protected readonly bytes: Buffer;
  /** Where each frame ends. */
  protected readonly ends: number[];

  /** @param first The sequence number of the first frame. */
  constructor(
    readonly first: number,
    bytes: Buffer,
    ends: number[],
  ) {
    this.bytes = bytes;
    this.ends = ends;
  }

  /** The memory that they take, in bytes. */
  get size(): number {
    return this.bytes.length;
  }

  /** The sequence number after the last frame. */
  get end(): number {
    return this.first + this.ends.length;
  }

  has(sequence: number): boolean {
    return this.first <= sequence && sequence < this.end;
  }

  /** The frame of one alert; it must not be kept. */
  frame(sequence: number): Uint8Array {
    const index = sequence - this.first;
    return this.bytes.subarray(this.#startOf(index), this.ends[index]!);
  }

  /** The frames from `sequence` on, as many as fit both limits, at least one. */
  slice(sequence: number, maxCount: number, maxBytes: number): Slice {
    const from = sequence - this.first;
    const start = this.#startOf(from);
    let low = from + 1;
    let high = Math.min(this.ends.length, from + maxCount);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.ends[middle - 1]! - start <= maxBytes) low = middle;
      else high = middle - 1;
    }
    return { bytes: this.bytes.subarray(start, this.ends[low - 1]!), count: low - from };
  }

  #startOf(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!;
  }
}
