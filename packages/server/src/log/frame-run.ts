import { prefixBytes } from "@falco-outputs/core/codec";
import type { Slice } from "./alert-log.js";
import type { Selection } from "./filter/selection.js";
import type { TimeSpan } from "./filter/time-window.js";
import type { Scan } from "./scan.js";

/** Consecutive frames in one piece of memory. The times are a range around those of its alerts. */
export class FrameRun implements TimeSpan {
  least = Number.POSITIVE_INFINITY;
  greatest = Number.NEGATIVE_INFINITY;
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

  /** When an alert without a time of its own arrived, in microseconds since 1970; any time for others. */
  arrivalUs(_sequence: number): number | undefined {
    return undefined;
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

  /**
   * Looks for an alert that passes, from `from` to before `to`. Returns where it stopped: at one, where the scan's turn
   * is over, or at `to`.
   */
  find(from: number, to: number, selection: Selection, scan: Scan): number {
    const isInTime = selection.includes(this);
    const last = to - this.first;
    let index = from - this.first;
    let start = this.#startOf(index);
    for (; index < last && !scan.isOver; index++) {
      const end = this.ends[index]!;
      scan.look(end - start);
      const arrivalUs = isInTime ? undefined : this.arrivalUs(this.first + index);
      if (selection.passes(this.bytes, start + prefixBytes, end, isInTime, arrivalUs)) {
        scan.found = true;
        break;
      }
      start = end;
    }
    return this.first + index;
  }

  #startOf(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!;
  }
}
