import type { Slice } from "../alert-log.js";
import { blockHeaderBytes } from "./format.js";
import type { FoundBlock } from "./scan.js";

const prefixBytes = 5;

/** Consecutive frames in one piece of memory. */
export class FrameRun {
  /** @param ends Where each frame ends in `bytes`. */
  constructor(
    readonly first: number,
    readonly bytes: Buffer,
    readonly ends: readonly number[],
  ) {}

  /** The sequence number after the last frame. */
  get end(): number {
    return this.first + this.ends.length;
  }

  /** The frame of one alert. */
  frame(sequence: number): Uint8Array {
    const index = sequence - this.first;
    return this.bytes.subarray(this.#start(index), this.ends[index]!);
  }

  /** The frames from `sequence` on, as many as fit both limits, at least one. */
  slice(sequence: number, maxCount: number, maxBytes: number): Slice {
    const from = sequence - this.first;
    const start = this.#start(from);
    let low = from + 1;
    let high = Math.min(this.ends.length, from + maxCount);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.ends[middle - 1]! - start <= maxBytes) low = middle;
      else high = middle - 1;
    }
    return { bytes: this.bytes.subarray(start, this.ends[low - 1]!), count: low - from };
  }

  #start(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!;
  }
}

/** The frames of blocks, which stand in `file`; moves them together there. The numbers go up to `end`. */
export function runsOf(file: Buffer, blocks: readonly FoundBlock[], end: number): FrameRun[] {
  const runs: FrameRun[] = [];
  for (let index = 0; index < blocks.length; ) {
    const { first, offset } = blocks[index]!;
    const ends: number[] = [];
    let next = first;
    let used = 0;
    for (; blocks[index]?.first === next; index++) {
      const block = blocks[index]!;
      const start = block.offset + blockHeaderBytes;
      file.copyWithin(offset + used, start, start + block.frameBytes);
      for (const stop = used + block.frameBytes; used < stop; ) {
        used += prefixBytes + file.readUInt32BE(offset + used + 1);
        ends.push(used);
      }
      next += block.count;
    }
    if (ends.length !== next - first) throw new Error(`${ends.length} frames in blocks of ${next - first}`);
    if (next > end) ends.length = Math.max(0, end - first);
    if (ends.length > 0) runs.push(new FrameRun(first, file.subarray(offset, offset + ends.at(-1)!), ends));
  }
  return runs;
}
