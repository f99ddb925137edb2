import type { Logger } from "../../logger.js";
import { findFile } from "./find-file.js";
import type { FollowedFile, LineTaker } from "./followed-file.js";
import { openBehind } from "./open-behind.js";
import type { Position } from "./position.js";
import { filesSince } from "./rotated-files.js";

/**
 * Opens the file that was read before, where it was left; or if it is gone, the first that came behind it. Undefined if
 * there is neither yet.
 */
export async function resume(
  path: string,
  position: Position,
  taker: LineTaker,
  logger: Logger,
): Promise<FollowedFile | undefined> {
  const wasRead = position.inode !== 0n;
  const same = wasRead ? await findFile(path, position, taker) : undefined;
  if (same !== undefined) return same;
  const behind = await openBehind(path, (files) => filesSince(files, position.mtimeNs), taker);
  if (behind !== undefined && wasRead) {
    logger.warn(
      { file: path },
      "the file that was read is gone: lines of it may be lost, and the next is read from its beginning",
    );
  }
  return behind?.file;
}
