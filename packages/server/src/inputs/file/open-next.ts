import { stat } from "node:fs/promises";
import type { Logger } from "../../logger.js";
import { unlessAbsent } from "./absence.js";
import type { FollowedFile, LineTaker } from "./followed-file.js";
import { openBehind } from "./open-behind.js";
import { isSameFile } from "./position.js";
import { filesBehind } from "./rotated-files.js";

/** Opens the file that the writer of `file` went on to; undefined as long as it did not: an empty one says nothing. */
export async function openNext(
  path: string,
  file: FollowedFile,
  taker: LineTaker,
  logger: Logger,
): Promise<FollowedFile | undefined> {
  const current = await stat(path, { bigint: true }).catch(unlessAbsent);
  if (current !== undefined && isSameFile(current, file)) return undefined;
  const { dev, ino, position } = file;
  const { mtimeNs } = position;
  const behind = await openBehind(path, (files) => filesBehind(files, { dev, ino, mtimeNs }), taker);
  if (behind !== undefined && behind.missed.length > 0) {
    logger.warn(
      { file: path, compressed: behind.missed },
      "files were compressed before they were read: their lines are lost",
    );
  }
  return behind?.file;
}
