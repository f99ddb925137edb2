import { stat } from "node:fs/promises";
import type { Logger } from "../../logger.js";
import { unlessAbsent } from "./absence.js";
import { type FollowedFile, type LineTaker, orClose } from "./followed-file.js";
import { type ReadFile, tellMissed } from "./missed-files.js";
import { openAfter } from "./open-after.js";
import { isSameFile } from "./position.js";
import { filesAfter } from "./rotated-files.js";

/**
 * Opens the file that the writer of `file` went on to; undefined as long as it did not. An empty file does not count.
 * @param read The files that were read before `file`.
 */
export async function openNext(
  path: string,
  file: FollowedFile,
  read: readonly ReadFile[],
  taker: LineTaker,
  logger: Logger,
): Promise<FollowedFile | undefined> {
  const current = await stat(path, { bigint: true }).catch(unlessAbsent);
  if (current !== undefined && isSameFile(current, file)) return undefined;
  const { dev, ino, position } = file;
  const { mtimeNs, fingerprint } = position;
  const after = await openAfter(path, (files) => filesAfter(files, { dev, ino, mtimeNs }), taker);
  if (after === undefined) return undefined;
  const isGone = !after.files.some(({ stats }) => isSameFile(stats, file));
  const all = [...read, { fingerprint, bytes: Number.POSITIVE_INFINITY }];
  await orClose(after.file, () => tellMissed(path, after, all, { mtimeNs, isGone }, logger));
  return after.file;
}
