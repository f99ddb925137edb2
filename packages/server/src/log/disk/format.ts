import { crc32 } from "node:zlib";

/*
 * A segment file is a header of 64 bytes and blocks, one after the other. A block is a header of 56 bytes and frames,
 * the same bytes that a stream gets. Numbers are little-endian.
 *
 * In every version, the segment's header has its magic, its version and its checksum in the same places. Each checksum
 * starts with that of the log's id, so that nobody who only chooses alerts can write what looks like a block.
 */

export const formatVersion = 1;
export const segmentHeaderBytes = 64;
export const blockHeaderBytes = 56;
/** How many bytes of frames a block has at most, unless it is a single frame. */
export const maxBlockFrames = 128 * 1024;
/** More than any block has: a frame is at most 1 MiB, and its prefix and its sequence number. */
const maxFrames = 2 * 1024 * 1024;
const maxTimeUs = 2 ** 62;
/** A prefix, and a message of one byte. */
const leastFrame = 6;

const segmentMagic = Buffer.from("FALCOLOG");
const blockMagic = Buffer.from("\u0007Blk", "latin1");

/** What tells one log from all others. */
export class LogId {
  /** What each checksum of this log starts with. */
  readonly seed: number;

  /** @param bytes 16 of them. */
  constructor(readonly bytes: Uint8Array) {
    this.seed = crc32(bytes);
  }

  equals(other: LogId): boolean {
    return Buffer.compare(this.bytes, other.bytes) === 0;
  }

  toString(): string {
    return Buffer.from(this.bytes).toString("hex");
  }
}

export interface SegmentHeader {
  readonly version: number;
  readonly log: LogId;
  /** The sequence number of the first alert. */
  readonly first: number;
  /** When the file was created, in milliseconds since 1970. */
  readonly createdAt: number;
}

export function writeSegmentHeader({ version, log, first, createdAt }: SegmentHeader): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes);
  header.set(segmentMagic);
  header.writeUInt32LE(version, 8);
  header.set(log.bytes, 16);
  header.writeBigUInt64LE(BigInt(first), 32);
  header.writeBigUInt64LE(BigInt(createdAt), 40);
  header.writeUInt32LE(crc32(header.subarray(0, 60)), 60);
  return header;
}

/** Undefined if it is damaged, or is not one. */
export function readSegmentHeader(file: Buffer): SegmentHeader | undefined {
  if (file.length < segmentHeaderBytes || file.compare(segmentMagic, 0, 8, 0, 8) !== 0) return undefined;
  if (crc32(file.subarray(0, 60)) !== file.readUInt32LE(60)) return undefined;
  return {
    version: file.readUInt32LE(8),
    log: new LogId(Uint8Array.from(file.subarray(16, 32))),
    first: Number(file.readBigUInt64LE(32)),
    createdAt: Number(file.readBigUInt64LE(40)),
  };
}

/** What a block says of its frames. */
export interface BlockInfo {
  /** The sequence number of the first; the others follow without a gap. */
  readonly first: number;
  readonly count: number;
  /** The least and the greatest time of the alerts, in microseconds since 1970; or a range around them. */
  readonly leastUs: number;
  readonly greatestUs: number;
  /** When it was written, in microseconds since 1970: the time of alerts that have none. */
  readonly writtenUs: number;
  /** Whether numbers before `first` were left out on purpose, so that none stands for two alerts. */
  readonly jumped: boolean;
}

export interface BlockHeader extends BlockInfo {
  /** How many bytes of frames follow. */
  readonly frameBytes: number;
  readonly frameChecksum: number;
}

/** Writes a block's header into the first 56 bytes of `header`. */
export function writeBlockHeader(
  header: Buffer,
  block: BlockInfo,
  frames: Uint8Array,
  { seed }: LogId,
): void {
  header.set(blockMagic);
  header.writeUInt32LE(frames.length, 4);
  header.writeUInt32LE(block.count, 8);
  header.writeUInt32LE(block.jumped ? 1 : 0, 12);
  header.writeBigUInt64LE(BigInt(block.first), 16);
  header.writeBigInt64LE(microseconds(block.leastUs), 24);
  header.writeBigInt64LE(microseconds(block.greatestUs), 32);
  header.writeBigInt64LE(BigInt(block.writtenUs), 40);
  header.writeUInt32LE(crc32(frames, seed), 48);
  header.writeUInt32LE(crc32(header.subarray(0, 52), seed), 52);
}

/** An alert may say that it is of any time. */
function microseconds(timeUs: number): bigint {
  return BigInt(Math.max(-maxTimeUs, Math.min(maxTimeUs, Math.round(timeUs))));
}

/** The header at `at`; undefined if it is damaged, cut off, or is not one of this log. */
export function readBlockHeader(file: Buffer, at: number, { seed }: LogId): BlockHeader | undefined {
  if (at + blockHeaderBytes > file.length || file.compare(blockMagic, 0, 4, at, at + 4) !== 0)
    return undefined;
  if (crc32(file.subarray(at, at + 52), seed) !== file.readUInt32LE(at + 52)) return undefined;
  const frameBytes = file.readUInt32LE(at + 4);
  const count = file.readUInt32LE(at + 8);
  if (count === 0 || frameBytes < count * leastFrame || frameBytes > maxFrames) return undefined;
  return {
    frameBytes,
    count,
    jumped: file.readUInt32LE(at + 12) === 1,
    first: Number(file.readBigUInt64LE(at + 16)),
    leastUs: Number(file.readBigInt64LE(at + 24)),
    greatestUs: Number(file.readBigInt64LE(at + 32)),
    writtenUs: Number(file.readBigInt64LE(at + 40)),
    frameChecksum: file.readUInt32LE(at + 48),
  };
}

/** Where the next block may begin, from `at` on; -1 if nowhere. */
export function findBlockMagic(file: Buffer, at: number): number {
  return file.indexOf(blockMagic, at);
}
