import type { Logger } from "../../logger.js";
import { lookIntoGzip } from "./gzip-content.js";
import type { FileAfter } from "./open-after.js";
import { type Fingerprint, fingerprintOf } from "./position.js";
import { isPlain, type RotatedFile } from "./rotated-files.js";

/** A file that was read. Its compressed form is known by how it begins. */
export interface ReadFile {
  readonly fingerprint: Fingerprint;
  /** How many bytes of it were read; Infinity if it is open, so that all of it will be. */
  readonly bytes: number;
}

/**
 * Logs which files were compressed before they were read. What decides is what was read, and not a file's time: gzip -c
 * opens a new one for its output.
 * @param read The files that were read, the last one of them last.
 * @param last When the last one was last written to, and whether it is gone under every name.
 */
export async function tellMissed(
  path: string,
  { missed, files }: FileAfter,
  read: readonly ReadFile[],
  last: { mtimeNs: bigint; isGone: boolean },
  logger: Logger,
): Promise<void> {
  const lost: string[] = [];
  const unknown: RotatedFile[] = [];
  for (const file of missed) {
    const isKnown = await wasRead(file, read);
    if (isKnown === undefined) unknown.push(file);
    else if (!isKnown) lost.push(file.path);
  }
  // The last file's own form may be among them: if its time does not tell which one, it was written first.
  const isSought = last.isGone && lost.length + unknown.length === missed.length;
  const own = isSought ? (files.find((file) => isOfTime(file, last.mtimeNs)) ?? unknown[0]) : undefined;
  const unread = unknown.filter((file) => file !== own).map((file) => file.path);
  if (lost.length > 0) {
    logger.warn(
      { file: path, compressed: lost },
      "files were compressed before they were read: their lines are lost",
    );
  }
  if (unread.length > 0) {
    logger.warn(
      { file: path, compressed: unread },
      "files were compressed in a format that cannot be looked into: their lines are lost unless they were read before",
    );
  }
}

/** Whether all that a compressed file holds was read; undefined for a format that cannot be looked into. */
export async function wasRead(
  { path }: RotatedFile,
  read: readonly ReadFile[],
): Promise<boolean | undefined> {
  if (!path.endsWith(".gz")) return undefined;
  const content = await lookIntoGzip(path);
  if (content === undefined) return undefined;
  const { head, bytes } = content;
  return read.some(({ fingerprint, bytes: readBytes }) => {
    if (fingerprint.bytes === 0 || head.length < fingerprint.bytes || bytes > readBytes) return false;
    return fingerprintOf(head.subarray(0, fingerprint.bytes)).sha256 === fingerprint.sha256;
  });
}

/** Whether a compressed file has kept the time of its plain form, to the second: some programs keep no more. */
function isOfTime(file: RotatedFile, mtimeNs: bigint): boolean {
  return !isPlain(file) && file.stats.mtimeNs / 1_000_000_000n === mtimeNs / 1_000_000_000n;
}
