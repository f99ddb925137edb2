import type { GroupPlace } from "../group-place.js";
import { messageOf } from "../slab.js";
import { ChunkReader, type Unreadable } from "./chunk-reader.js";
import { DirectoryLock } from "./directory-lock.js";
import { readJournal } from "./group-journal.js";
import { LogDirectoryError } from "./log-directory-error.js";
import type { Finding } from "./read-segments.js";
import { readContents } from "./recover.js";
import { Segments } from "./segments.js";

/** One of a log's files. */
export interface InspectedSegment {
  readonly file: string;
  readonly bytes: number;
  readonly alerts: number;
  /** The sequence numbers of its first and last alert; 0 if it has none. */
  readonly first: number;
  readonly last: number;
}

/** What is in the directory of a log. */
export interface LogInspection {
  /** What tells this log from others. */
  readonly id: string;
  /** Which process uses it, as far as that can be told; undefined if none does. */
  readonly user: string | undefined;
  readonly segments: readonly InspectedSegment[];
  /** The least and the greatest time of the alerts, in microseconds since 1970; undefined if there are none. */
  readonly earliestUs: number | undefined;
  readonly latestUs: number | undefined;
  readonly findings: readonly Finding[];
  /** Where the groups are; the shared queue is the group "". */
  readonly groups: ReadonlyMap<string, GroupPlace>;
  /** How many of the groups' lines are damaged. */
  readonly damagedGroups: number;
}

/**
 * Looks at a log on a disk, and changes nothing. What a server that uses it writes meanwhile may seem to be cut off.
 * @param verifies Whether every file is read whole; else only those without an index.
 * @throws LogDirectoryError if there is no log, it cannot be read, or it is of another version.
 */
export async function inspectLog(directory: string, verifies: boolean): Promise<LogInspection> {
  const { log, found } = await logIn(directory, verifies);
  const segments = new Segments();
  for (const { segment } of found) segments.add(segment);
  const { places, damagedLines } = await readJournal(directory, log);
  return {
    id: log.toString(),
    user: await DirectoryLock.holder(directory),
    segments: found.map(({ segment: { path, fileBytes, chunks } }) => {
      const alerts = chunks.reduce((sum, { first, end }) => sum + end - first, 0);
      return {
        file: path,
        bytes: fileBytes,
        alerts,
        first: chunks[0]?.first ?? 0,
        last: (chunks.at(-1)?.end ?? 1) - 1,
      };
    }),
    earliestUs: segments.times?.least,
    latestUs: segments.times?.greatest,
    findings: found.flatMap(({ findings }) => findings),
    groups: places,
    damagedGroups: damagedLines,
  };
}

/**
 * The alerts of a log on a disk, oldest first: each an encoded `falco.outputs.response`, which is valid until the next.
 * @param onUnreadable Called for alerts that are damaged, and left out.
 * @throws LogDirectoryError, as `inspectLog`.
 */
export async function* readLogAlerts(
  directory: string,
  onUnreadable: (unreadable: Unreadable) => void,
): AsyncGenerator<Uint8Array> {
  const { log, found } = await logIn(directory, false);
  const segments = new Segments();
  for (const { segment } of found) segments.add(segment);
  const reader = new ChunkReader(log, segments, onUnreadable);
  try {
    for (let next = 0; ; ) {
      const run = await reader.read(next);
      if (run === undefined) return;
      for (next = Math.max(next, run.first); next < run.end; next++) yield messageOf(run.frame(next));
    }
  } finally {
    await reader.close();
  }
}

async function logIn(directory: string, verifies: boolean) {
  const contents = await readContents(directory, !verifies);
  if (contents.state === undefined && contents.found.length === 0) {
    throw new LogDirectoryError(directory, "access", "there is no log in it");
  }
  return contents;
}
