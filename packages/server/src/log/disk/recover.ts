import { truncate, unlink } from "node:fs/promises";
import { cutChunks } from "./chunks.js";
import { type LogId, segmentHeaderBytes } from "./format.js";
import { LogDirectoryError } from "./log-directory-error.js";
import { type Finding, type FoundSegment, logOf, readSegment, segmentPaths } from "./read-segments.js";
import type { Segment } from "./segment.js";
import { writeSegmentIndex } from "./segment-writer.js";
import { Segments } from "./segments.js";
import { createLogId, type KnownState, readState } from "./state-file.js";

/** What was found in a directory, and done about it. */
export interface Recovery {
  readonly findings: readonly Finding[];
  /** The segments that had to be read whole, because their index was missing or wrong. */
  readonly rebuilt: readonly string[];
  /** Whether the numbers go on after a jump, because alerts may have been seen that are not in the files. */
  readonly jumped: boolean;
}

export interface Recovered extends Recovery {
  readonly log: LogId;
  readonly segments: Segments;
  /** The sequence number of the next alert. */
  readonly next: number;
  /** The last segment, and where it goes on; undefined if the next alert begins another. */
  readonly last: { readonly segment: Segment; readonly at: number } | undefined;
}

/** What a directory holds. Nothing in it is changed. */
export interface Contents {
  readonly state: KnownState | undefined;
  readonly log: LogId;
  readonly found: readonly FoundSegment[];
}

/**
 * Reads a directory.
 * @param trusted Whether indexes that fit are believed; else each file is read whole.
 * @throws LogDirectoryError if it cannot be read, or not all of its files are of one log and this version.
 */
export async function readContents(directory: string, trusted: boolean): Promise<Contents> {
  const state = await readState(directory);
  const paths = await segmentPaths(directory);
  const log = state?.log ?? (await logOf(paths)) ?? (paths.length === 0 ? createLogId() : undefined);
  if (log === undefined) {
    const explanation = "damaged: no file tells which log these segments are of";
    throw new LogDirectoryError(directory, "damaged", explanation);
  }
  const found: FoundSegment[] = [];
  for (const path of paths) found.push(await readSegment(path, log, trusted));
  // A write that failed was done again in a later file.
  for (const [index, { segment }] of found.entries()) {
    const later = found.slice(index + 1).find((other) => other.segment.chunks.length > 0);
    if (later !== undefined) cutChunks(segment.chunks, later.segment.chunks[0]!.first);
  }
  return { state, log, found };
}

/**
 * Opens a directory for writing: cuts off what was not written whole, and makes missing indexes again.
 * @throws LogDirectoryError
 */
export async function recover(directory: string): Promise<Recovered> {
  const contents = await readContents(directory, true);
  try {
    return await repair(contents);
  } catch (error) {
    throw new LogDirectoryError(directory, "access", "cannot be written", error);
  }
}

async function repair({ state, log, found }: Contents): Promise<Recovered> {
  const segments = new Segments();
  const rebuilt: string[] = [];
  let last: Recovered["last"];
  for (const [index, file] of found.entries()) {
    const { segment, writableAt, indexed } = file;
    const isLast = index === found.length - 1;
    if (isEmpty(file)) {
      await unlink(segment.path);
      continue;
    }
    if (!indexed) rebuilt.push(segment.path);
    if (isLast && writableAt !== undefined) {
      if (writableAt < segment.fileBytes) await truncate(segment.path, writableAt);
      segment.fileBytes = writableAt;
      last = { segment, at: writableAt };
    } else if (!indexed) {
      await writeSegmentIndex(segment, log);
    }
    addJumps(segments, segment);
    segments.add(segment);
  }
  const end = Math.max(state?.next ?? 0, ...found.map(({ next }) => next));
  const findings = found.flatMap((file) => file.findings);
  const isNew = state === undefined && found.length === 0;
  const jumped = !isNew && !isComplete(state, found.at(-1));
  const next = isNew || jumped ? Math.max(end, Date.now() * 1000 + 1) : end;
  if (jumped) segments.addJump({ from: end, to: next });
  return { log, segments, next, last, findings, rebuilt, jumped };
}

/** Whether nothing can have been seen that is not in the files. */
function isComplete(state: KnownState | undefined, last: FoundSegment | undefined): boolean {
  const lastBytes = last?.findings.at(-1);
  const reachesEnd =
    lastBytes !== undefined && lastBytes.offset + lastBytes.bytes === last!.segment.fileBytes;
  switch (state?.state) {
    case "closed":
      return !reachesEnd;
    case "synced":
      return !(reachesEnd && lastBytes.kind === "damage");
    case "written":
      return !state.rebooted && !(reachesEnd && lastBytes.kind === "damage");
    default:
      return false;
  }
}

/** A file that was created and not written, or no more than its header. */
function isEmpty({ segment, findings }: FoundSegment): boolean {
  const isUndamaged = findings.every(({ kind }) => kind === "cut");
  return segment.chunks.length === 0 && isUndamaged && segment.fileBytes <= segmentHeaderBytes;
}

function addJumps(segments: Segments, segment: Segment): void {
  let end = segments.all.at(-1)?.end;
  for (const { first, end: next, jumped } of segment.chunks) {
    if (jumped && end !== undefined && end < first) segments.addJump({ from: end, to: first });
    end = next;
  }
}
