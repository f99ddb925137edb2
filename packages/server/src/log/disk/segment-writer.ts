import fs from "node:fs";
import { type FileHandle, open, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { addBlock, cutChunks } from "./chunks.js";
import {
  type BlockInfo,
  blockHeaderBytes,
  formatVersion,
  type LogId,
  segmentHeaderBytes,
  writeBlockHeader,
  writeSegmentHeader,
} from "./format.js";
import { writeIndex } from "./index-file.js";
import { Segment, segmentName } from "./segment.js";

/** Frames to be written, at most `maxBlockFrames` bytes of them, or a single one. */
export interface Block extends BlockInfo {
  readonly frames: Uint8Array;
}

/** The segment file that is being written. */
export class SegmentWriter {
  readonly segment: Segment;
  readonly #log: LogId;
  readonly #file: FileHandle;
  /** Where the next block goes. */
  #at: number;
  #isDirty = false;
  /** Nothing before this sequence number is lost in a power failure. */
  #syncedEnd: number;
  #isGone = false;
  #syncFailed = false;

  private constructor(segment: Segment, log: LogId, file: FileHandle, at: number) {
    this.segment = segment;
    this.#log = log;
    this.#file = file;
    this.#at = at;
    this.#syncedEnd = segment.end;
    segment.fileBytes = at;
    segment.sealedAt = undefined;
  }

  static async create(directory: string, log: LogId, first: number): Promise<SegmentWriter> {
    const createdAt = Date.now();
    const segment = new Segment(join(directory, segmentName(first)), first, createdAt);
    const file = await open(segment.path, "w", 0o600);
    const header = writeSegmentHeader({ version: formatVersion, log, first, createdAt });
    const writer = new SegmentWriter(segment, log, file, segmentHeaderBytes);
    await closingOnError(file, () => writer.#writeAll([header], 0));
    return writer;
  }

  /** Goes on in a segment, from `at` on; what stands there is cut off. */
  static async continue(segment: Segment, log: LogId, at: number): Promise<SegmentWriter> {
    const file = await open(segment.path, "r+");
    await closingOnError(file, () => file.truncate(at));
    return new SegmentWriter(segment, log, file, at);
  }

  /** The first sequence number that may not be on the disk, because a sync failed or the file is gone. */
  get doubtfulFrom(): number {
    if (this.#isGone) return this.segment.first;
    return this.#syncFailed ? Math.min(this.#syncedEnd, this.segment.end) : this.segment.end;
  }

  hasRoom(bytes: number, segmentBytes: number): boolean {
    return this.segment.chunks.length === 0 || this.#at + bytes <= segmentBytes;
  }

  /**
   * Writes the blocks with one write, and then `sync`s them.
   * @throws if it cannot; then `cutBack` comes before the next write.
   */
  async write(blocks: readonly Block[], sync: boolean): Promise<void> {
    const headers = Buffer.allocUnsafe(blocks.length * blockHeaderBytes);
    const buffers: Uint8Array[] = [];
    for (const [index, block] of blocks.entries()) {
      const header = headers.subarray(index * blockHeaderBytes, (index + 1) * blockHeaderBytes);
      writeBlockHeader(header, block, block.frames, this.#log);
      buffers.push(header, block.frames);
    }
    await this.#writeAll(buffers, this.#at);
    this.#isDirty = true;
    if (sync) await this.sync();
    for (const block of blocks) {
      addBlock(this.segment.chunks, this.#at, block.frames.length, block);
      this.#at += blockHeaderBytes + block.frames.length;
    }
    this.segment.fileBytes = this.#at;
    if (sync) this.#syncedEnd = this.segment.end;
  }

  /** What was written before is on the disk after this, whatever happens to the machine. */
  async sync(): Promise<void> {
    if (!this.#isDirty) return;
    const { end } = this.segment;
    this.#isDirty = false;
    try {
      await this.#file.datasync();
    } catch (error) {
      this.#syncFailed = true;
      throw error;
    }
    this.#syncedEnd = Math.max(this.#syncedEnd, end);
  }

  /** @throws if the file is no longer the one at its path. */
  async check(): Promise<void> {
    const mine = await this.#file.stat();
    const there = await stat(this.segment.path).catch((error) => {
      this.#isGone = error.code === "ENOENT" || error.code === "ENOTDIR";
      throw error;
    });
    this.#isGone = there.ino !== mine.ino || there.dev !== mine.dev;
    if (this.#isGone) throw new Error(`${this.segment.path} is another file than before`);
  }

  /**
   * Takes back what was written in part, so that writing can go on.
   * @throws if it cannot go on in this file.
   */
  async cutBack(): Promise<void> {
    await this.check();
    // What a failed sync did not bring to the disk may be lost there, even if it can be read now.
    if (this.#syncFailed) throw new Error(`${this.segment.path} could not be synced`);
    await this.#file.truncate(this.#at);
  }

  /** Nothing more is written: syncs it unless `sync` is false, and writes its index. */
  async seal(sync: boolean): Promise<void> {
    this.segment.sealedAt = Date.now();
    try {
      if (sync) await this.sync();
      await writeSegmentIndex(this.segment, this.#log);
    } finally {
      await this.#file.close();
    }
  }

  /** Nothing more is written, because it cannot be; the alerts from `end` on are written elsewhere. */
  async abandon(end: number): Promise<void> {
    cutChunks(this.segment.chunks, end);
    this.segment.sealedAt = Date.now();
    await this.#file.close();
  }

  async #writeAll(buffers: Uint8Array[], position: number): Promise<void> {
    for (let left = buffers, at = position; left.length > 0; ) {
      const written = await writev(this.#file.fd, left, at);
      at += written;
      left = without(left, written);
    }
  }
}

/** Writes the index of a segment that is complete. */
export async function writeSegmentIndex(segment: Segment, log: LogId): Promise<void> {
  const { fileBytes, chunks, sealedAt = Date.now() } = segment;
  const path = `${segment.indexPath}.new`;
  await writeFile(path, writeIndex({ fileBytes, chunks, sealedAt }, log), { mode: 0o600 });
  await rename(path, segment.indexPath);
}

/** A file that was created or removed in it is so after a power failure too. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path);
  await directory.sync().finally(() => directory.close());
}

/** Resolves to the number of bytes written. Faster than the same method of a FileHandle. */
function writev(fd: number, buffers: readonly Uint8Array[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.writev(fd, buffers, position, (error, written) => (error === null ? resolve(written) : reject(error)));
  });
}

function without(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes;
  let index = 0;
  while (index < buffers.length && left >= buffers[index]!.length) left -= buffers[index++]!.length;
  const rest = buffers.slice(index);
  if (left > 0) rest[0] = rest[0]!.subarray(left);
  return rest;
}

async function closingOnError(file: FileHandle, use: () => Promise<unknown>): Promise<void> {
  try {
    await use();
  } catch (error) {
    await file.close();
    throw error;
  }
}
