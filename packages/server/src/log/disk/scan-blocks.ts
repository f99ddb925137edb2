import { crc32 } from "node:zlib";
import { type BlockHeader, blockHeaderBytes, findBlockMagic, type LogId, readBlockHeader } from "./format.js";

/** A whole block, and where it is. */
export interface FoundBlock extends BlockHeader {
  /** Where its header begins. */
  readonly offset: number;
}

/** Bytes that are not a whole block. */
export interface Damage {
  readonly offset: number;
  readonly bytes: number;
  /** How many alerts they were; undefined if that cannot be told. */
  readonly alerts: number | undefined;
}

export interface FoundBlocks {
  readonly blocks: readonly FoundBlock[];
  readonly damages: readonly Damage[];
  /** Where the next block can be written: after the last one whose extent is known. */
  readonly end: number;
  /** The sequence number after the last block, damaged or not; undefined if there is none and `first` was not known. */
  readonly next: number | undefined;
  /** What is left from there on; `cut`: because a write was not completed, and not because it was changed later. */
  readonly tail: (Damage & { readonly cut: boolean }) | undefined;
}

/**
 * Finds the blocks in `file` from `start` on.
 * @param first The sequence number of the first alert, if it is known.
 */
export function scanBlocks(file: Buffer, start: number, log: LogId, first?: number): FoundBlocks {
  const blocks: FoundBlock[] = [];
  const damages: Damage[] = [];
  let expected = first;
  let at = start;
  while (at < file.length) {
    const header = blockAt(file, at, log, expected);
    if (header === undefined) {
      const next = nextBlock(file, at + 1, log, expected);
      if (next === undefined) {
        const bytes = file.length - at;
        const tail = { offset: at, bytes, alerts: undefined, cut: bytes < blockHeaderBytes };
        return { blocks, damages, end: at, next: expected, tail };
      }
      const known = expected !== undefined && !next.jumped;
      const alerts = known ? next.first - expected! : undefined;
      damages.push({ offset: at, bytes: next.offset - at, alerts });
      at = next.offset;
      continue;
    }
    const bytes = blockHeaderBytes + header.frameBytes;
    if (at + bytes > file.length) {
      const tail = { offset: at, bytes: file.length - at, alerts: header.count, cut: true };
      return { blocks, damages, end: at, next: expected, tail };
    }
    const frames = file.subarray(at + blockHeaderBytes, at + bytes);
    if (crc32(frames, log.seed) === header.frameChecksum) blocks.push(header);
    else damages.push({ offset: at, bytes, alerts: header.count });
    expected = header.first + header.count;
    at += bytes;
  }
  return { blocks, damages, end: at, next: expected, tail: undefined };
}

function blockAt(file: Buffer, at: number, log: LogId, expected = 0): FoundBlock | undefined {
  const header = readBlockHeader(file, at, log);
  return header === undefined || header.first < expected ? undefined : { ...header, offset: at };
}

function nextBlock(file: Buffer, from: number, log: LogId, expected?: number): FoundBlock | undefined {
  for (let at = findBlockMagic(file, from); at !== -1; at = findBlockMagic(file, at + 1)) {
    const block = blockAt(file, at, log, expected);
    if (block !== undefined) return block;
  }
  return undefined;
}
