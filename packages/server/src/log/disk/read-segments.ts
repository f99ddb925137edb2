import { type FileHandle, open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { addBlock } from "./chunks.js";
import { type LogId, readSegmentHeader, type SegmentHeader, segmentHeaderBytes } from "./format.js";
import { readIndex } from "./index-file.js";
import { LogDirectoryError } from "./log-directory-error.js";
import { scanBlocks } from "./scan-blocks.js";
import { firstOf, Segment } from "./segment.js";
import { checkVersion } from "./state-file.js";

/** What is wrong in a segment file. */
export interface Finding {
  readonly file: string;
  /**
   * `cut`: the file ends within a write that was not completed; `damage`: bytes were changed since they were written;
   * `header`: the file's first bytes were.
   */
  readonly kind: "cut" | "damage" | "header";
  readonly offset: number;
  readonly bytes: number;
  /** How many alerts are lost; undefined if that cannot be told. */
  readonly alerts: number | undefined;
}

/** A segment file, as it was found. */
export interface FoundSegment {
  readonly segment: Segment;
  /** Whether its index was right, so that the file itself was not read. */
  readonly indexed: boolean;
  readonly findings: readonly Finding[];
  /** Where the next block can be written; undefined if none should be, because the end is damaged. */
  readonly writableAt: number | undefined;
  /** The sequence number after the last that is known of, damaged or not. */
  readonly next: number;
}

/** The paths of a directory's segments, ascending. */
export async function segmentPaths(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error) => {
    throw new LogDirectoryError(directory, "access", "cannot be read", error);
  });
  return names
    .filter((name) => firstOf(name) !== undefined)
    .sort()
    .map((name) => join(directory, name));
}

/** The id of the log that segments are of; undefined if none of them tells. */
export async function logOf(paths: readonly string[]): Promise<LogId | undefined> {
  for (const path of paths.toReversed()) {
    const header = await withFile(path, (file) => readHeader(path, file));
    if (header !== undefined) return header.log;
  }
  return undefined;
}

/**
 * What a segment file holds.
 * @param trusted Whether its index is believed, if it fits the file; else the whole file is read.
 * @throws LogDirectoryError if it is of another version or another log, or cannot be read.
 */
export async function readSegment(path: string, log: LogId, trusted: boolean): Promise<FoundSegment> {
  return withFile(path, async (file) => {
    const header = await readHeader(path, file);
    if (header !== undefined && !header.log.equals(log)) {
      const explanation = `is of the log ${header.log}, the others are of ${log}`;
      throw new LogDirectoryError(path, "other-log", explanation);
    }
    const { size, mtimeMs } = await file.stat();
    const changedAt = Math.trunc(mtimeMs);
    const first = firstOf(path.slice(-20))!;
    const segment = new Segment(path, first, header?.createdAt ?? changedAt);
    segment.fileBytes = size;
    segment.sealedAt = changedAt;
    const index = trusted ? await readFile(segment.indexPath).catch(() => undefined) : undefined;
    const known = index && readIndex(index, log);
    if (known?.fileBytes === size) {
      segment.chunks.push(...known.chunks);
      segment.sealedAt = known.sealedAt;
      return { segment, indexed: true, findings: [], writableAt: size, next: segment.end };
    }
    return scanSegment(segment, await readWhole(file, size), log, header);
  });
}

function scanSegment(
  segment: Segment,
  file: Buffer,
  log: LogId,
  header: SegmentHeader | undefined,
): FoundSegment {
  const { path: name, first } = segment;
  const findings: Finding[] = [];
  if (file.length < segmentHeaderBytes) {
    findings.push({ file: name, kind: "cut", offset: 0, bytes: file.length, alerts: 0 });
    return { segment, indexed: false, findings, writableAt: undefined, next: first };
  }
  if (header === undefined) {
    findings.push({ file: name, kind: "header", offset: 0, bytes: segmentHeaderBytes, alerts: 0 });
  }
  const { blocks, damages, end, next = first, tail } = scanBlocks(file, segmentHeaderBytes, log, first);
  for (const block of blocks) addBlock(segment.chunks, block.offset, block.frameBytes, block);
  for (const damage of damages) findings.push({ file: name, kind: "damage", ...damage });
  if (tail !== undefined) {
    const { cut, ...damage } = tail;
    findings.push({ file: name, kind: cut ? "cut" : "damage", ...damage });
  }
  const isWhole = header !== undefined && (tail === undefined || tail.cut);
  return { segment, indexed: false, findings, writableAt: isWhole ? end : undefined, next };
}

async function readHeader(path: string, file: FileHandle): Promise<SegmentHeader | undefined> {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  const { bytesRead } = await file.read(bytes, 0, segmentHeaderBytes, 0);
  const header = readSegmentHeader(bytes.subarray(0, bytesRead));
  if (header !== undefined) checkVersion(path, header.version);
  return header;
}

async function readWhole(file: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size);
  let used = 0;
  while (used < size) {
    const { bytesRead } = await file.read(bytes, used, size - used, used);
    if (bytesRead === 0) break;
    used += bytesRead;
  }
  return bytes.subarray(0, used);
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path).catch((error) => {
    throw new LogDirectoryError(path, "access", "cannot be read", error);
  });
  try {
    return await use(file);
  } catch (error) {
    if (error instanceof LogDirectoryError) throw error;
    throw new LogDirectoryError(path, "access", "cannot be read", error);
  } finally {
    await file.close();
  }
}
