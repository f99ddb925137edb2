import { crc32 } from "node:zlib";
import type { Chunk } from "./chunks.js";
import { formatVersion, type LogId } from "./format.js";

/*
 * Beside each segment that is complete, a file says where its chunks are: a header of 48 bytes, 40 bytes a chunk, and a
 * checksum. It only saves reading the segment at the next start, and is made again if anything about it is wrong.
 */

const headerBytes = 48;
const entryBytes = 40;
const magic = Buffer.from("FALCOIDX");

export interface SegmentIndex {
  /** The size of the segment file. */
  readonly fileBytes: number;
  /** When the last alert was written at the latest, in milliseconds since 1970. */
  readonly sealedAt: number;
  readonly chunks: readonly Chunk[];
}

export function writeIndex({ fileBytes, sealedAt, chunks }: SegmentIndex, log: LogId): Buffer {
  const file = Buffer.alloc(headerBytes + chunks.length * entryBytes + 4);
  file.set(magic);
  file.writeUInt32LE(formatVersion, 8);
  file.writeUInt32LE(chunks.length, 12);
  file.set(log.bytes, 16);
  file.writeBigUInt64LE(BigInt(fileBytes), 32);
  file.writeBigUInt64LE(BigInt(sealedAt), 40);
  let at = headerBytes;
  for (const chunk of chunks) {
    file.writeUInt32LE(chunk.offset, at);
    file.writeUInt32LE(chunk.bytes, at + 4);
    file.writeUInt32LE(chunk.end - chunk.first, at + 8);
    file.writeUInt32LE(chunk.jumped ? 1 : 0, at + 12);
    file.writeBigUInt64LE(BigInt(chunk.first), at + 16);
    file.writeBigInt64LE(BigInt(chunk.leastUs), at + 24);
    file.writeBigInt64LE(BigInt(chunk.greatestUs), at + 32);
    at += entryBytes;
  }
  file.writeUInt32LE(crc32(file.subarray(0, at), log.seed), at);
  return file;
}

/** Undefined if it is damaged, or is not one of this log and this version. */
export function readIndex(file: Buffer, log: LogId): SegmentIndex | undefined {
  const end = file.length - 4;
  if (end < headerBytes || file.compare(magic, 0, 8, 0, 8) !== 0) return undefined;
  if (crc32(file.subarray(0, end), log.seed) !== file.readUInt32LE(end)) return undefined;
  if (file.readUInt32LE(8) !== formatVersion) return undefined;
  const chunks: Chunk[] = [];
  for (let at = headerBytes; at < end; at += entryBytes) {
    const first = Number(file.readBigUInt64LE(at + 16));
    chunks.push({
      offset: file.readUInt32LE(at),
      bytes: file.readUInt32LE(at + 4),
      first,
      end: first + file.readUInt32LE(at + 8),
      jumped: file.readUInt32LE(at + 12) === 1,
      leastUs: Number(file.readBigInt64LE(at + 24)),
      greatestUs: Number(file.readBigInt64LE(at + 32)),
    });
  }
  return {
    fileBytes: Number(file.readBigUInt64LE(32)),
    sealedAt: Number(file.readBigUInt64LE(40)),
    chunks,
  };
}
