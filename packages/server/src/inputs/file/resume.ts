import type { Logger } from "../../logger.js";
import { findFile } from "./find-file.js";
import { type FollowedFile, type LineTaker, orClose } from "./followed-file.js";
import { type ReadFile, tellMissed, wasRead } from "./missed-files.js";
import { openAfter } from "./open-after.js";
import type { Position } from "./position.js";
import { filesSince, isPlain, type RotatedFile } from "./rotated-files.js";

/**
 * Opens the file that was read before, where reading stopped; or if it is gone, the first that came after it. Undefined
 * if there is neither yet.
 */
export async function resume(
  path: string,
  position: Position,
  taker: LineTaker,
  logger: Logger,
): Promise<FollowedFile | undefined> {
  const hadFile = position.inode !== 0n;
  const same = hadFile ? await findFile(path, position, taker) : undefined;
  if (same !== undefined) return same;
  const { mtimeNs, fingerprint, offset } = position;
  const after = await openAfter(path, (files) => filesSince(files, mtimeNs), taker);
  if (after === undefined) return undefined;
  if (hadFile) {
    const read = [{ fingerprint, bytes: offset }];
    await orClose(after.file, async () => {
      if (await hasCompressed(after.files, read)) {
        await tellMissed(path, after, read, { mtimeNs, isGone: true }, logger);
      } else {
        logger.warn(
          { file: path },
          "the file that was read is gone: lines of it may be lost, and the next is read from its beginning",
        );
      }
    });
  } else {
    await orClose(after.file, () => tellMissed(path, after, [], { mtimeNs, isGone: false }, logger));
  }
  return after.file;
}

/** Whether one of the files is the compressed form of one that was read. */
async function hasCompressed(files: readonly RotatedFile[], read: readonly ReadFile[]): Promise<boolean> {
  for (const file of files) {
    if (!isPlain(file) && (await wasRead(file, read)) === true) return true;
  }
  return false;
}
