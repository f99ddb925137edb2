import type { TimeSpan } from "../filter/time-window.js";
import { type BlockInfo, blockHeaderBytes, maxBlockFrames } from "./format.js";

/** How many bytes of blocks are read at once, unless it is a single one. */
const maxChunkBytes = blockHeaderBytes + maxBlockFrames;

/** Blocks, one after the other in a file and in their numbers: what is read at once. */
export interface Chunk {
  readonly offset: number;
  readonly bytes: number;
  readonly first: number;
  /** The sequence number after the last. */
  readonly end: number;
  readonly leastUs: number;
  readonly greatestUs: number;
  /** Whether numbers before `first` were left out on purpose. */
  readonly jumped: boolean;
}

/** The times of a chunk's alerts, or a range around them. */
export function spanOf({ leastUs, greatestUs }: Chunk): TimeSpan {
  return { least: leastUs, greatest: greatestUs };
}

/** Adds a block to the last of a file's chunks, or begins a new one with it. */
export function addBlock(chunks: Chunk[], offset: number, frameBytes: number, block: BlockInfo): void {
  const { first, leastUs, greatestUs, jumped } = block;
  const bytes = blockHeaderBytes + frameBytes;
  const end = first + block.count;
  const last = chunks.at(-1);
  if (
    last === undefined ||
    last.end !== first ||
    last.offset + last.bytes !== offset ||
    last.bytes + bytes > maxChunkBytes
  ) {
    chunks.push({ offset, bytes, first, end, leastUs, greatestUs, jumped });
    return;
  }
  chunks[chunks.length - 1] = {
    ...last,
    bytes: last.bytes + bytes,
    end,
    leastUs: Math.min(leastUs, last.leastUs),
    greatestUs: Math.max(greatestUs, last.greatestUs),
  };
}

/** Takes the alerts from `end` on out of a file's chunks. */
export function cutChunks(chunks: Chunk[], end: number): void {
  while (chunks.length > 0 && chunks.at(-1)!.first >= end) chunks.pop();
  const last = chunks.at(-1);
  if (last !== undefined && last.end > end) chunks[chunks.length - 1] = { ...last, end };
}

/** The index of the first item whose `end` is after `sequence`, of items in ascending order; their number if none is. */
export function indexAfter(items: readonly { readonly end: number }[], sequence: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.end > sequence) high = middle;
    else low = middle + 1;
  }
  return low;
}
