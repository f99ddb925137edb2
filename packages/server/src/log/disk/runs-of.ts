import { prefixBytes } from "@falco-outputs/core/codec";
import { FrameRun } from "../frame-run.js";
import { indexAfter } from "./chunks.js";
import { blockHeaderBytes } from "./format.js";
import type { FoundBlock } from "./scan-blocks.js";

/** Frames that were read from the disk. */
class ReadRun extends FrameRun {
  /** When the alerts up to each `end` were written, in microseconds since 1970. */
  readonly #written: { readonly end: number; readonly us: number }[] = [];

  /** Adds what a block says of its alerts. */
  describe({ first, count, leastUs, greatestUs, writtenUs }: FoundBlock): void {
    this.least = Math.min(this.least, leastUs);
    this.greatest = Math.max(this.greatest, greatestUs);
    this.#written.push({ end: first + count, us: writtenUs });
  }

  override arrivalUs(sequence: number): number | undefined {
    return this.#written[indexAfter(this.#written, sequence)]?.us;
  }
}

/** The frames of blocks, which stand in `file`; moves them together there. Those from `end` on are left out. */
export function runsOf(file: Buffer, blocks: readonly FoundBlock[], end: number): FrameRun[] {
  const runs: FrameRun[] = [];
  for (let from = 0, to = 1; to <= blocks.length; to++) {
    if (blocks[to]?.first === blocks[to - 1]!.first + blocks[to - 1]!.count) continue;
    const run = runOf(file, blocks.slice(from, to), end);
    if (run.first < run.end) runs.push(run);
    from = to;
  }
  return runs;
}

/** The same for blocks whose numbers follow one another. */
function runOf(file: Buffer, blocks: readonly FoundBlock[], end: number): FrameRun {
  const { first, offset } = blocks[0]!;
  const ends: number[] = [];
  let used = 0;
  for (const block of blocks) {
    const start = block.offset + blockHeaderBytes;
    file.copyWithin(offset + used, start, start + block.frameBytes);
    for (const stop = used + block.frameBytes; used < stop; ) {
      used += prefixBytes + file.readUInt32BE(offset + used + 1);
      ends.push(used);
    }
    if (ends.length !== block.first + block.count - first) {
      throw new Error(`a block of ${block.count} frames has another number of them`);
    }
  }
  if (first + ends.length > end) ends.length = Math.max(0, end - first);
  const run = new ReadRun(first, file.subarray(offset, offset + (ends.at(-1) ?? 0)), ends);
  for (const block of blocks) run.describe(block);
  return run;
}
