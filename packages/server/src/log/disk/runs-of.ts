import { FrameRun } from "../frame-run.js";
import { blockHeaderBytes } from "./format.js";
import type { FoundBlock } from "./scan.js";

const prefixBytes = 5;

/** The frames of blocks, which stand in `file`; moves them together there. Those from `end` on are left out. */
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
