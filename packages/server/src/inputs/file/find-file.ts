import type { FollowedFile, LineTaker } from "./followed-file.js";
import { openIfThere } from "./open-behind.js";
import type { Position } from "./position.js";
import { isPlain, isSameListing, listFiles, type RotatedFile } from "./rotated-files.js";

/**
 * Finds the file that a position is in, whatever its name is now, and goes there: the file itself, or else a copy that
 * was made before it was truncated. Undefined if it is gone, or compressed.
 * @throws Error if the file itself cannot be read.
 */
export async function findFile(
  path: string,
  position: Position,
  taker: LineTaker,
): Promise<FollowedFile | undefined> {
  for (let files = await listFiles(path); ; ) {
    const file = await findAmong(files, position, taker);
    if (file !== undefined) return file;
    const after = await listFiles(path);
    if (isSameListing(files, after)) return undefined;
    // It may have been renamed just before it was opened.
    files = after;
  }
}

async function findAmong(
  files: readonly RotatedFile[],
  position: Position,
  taker: LineTaker,
): Promise<FollowedFile | undefined> {
  const { dev, inode, offset, fingerprint } = position;
  const isKnown = fingerprint.bytes > 0;
  // Devices are numbered anew when a machine starts; without anything else to go by, the number has to do.
  const isIt = ({ stats }: RotatedFile) => stats.ino === inode && (isKnown || stats.dev === dev);
  for (const { path } of files.filter(isIt)) {
    const file = await openIfAt(path, position, taker);
    if (file !== undefined) return file;
  }
  if (!isKnown) return undefined;
  const copies = files.filter((file) => !isIt(file) && isPlain(file) && file.stats.size >= offset);
  // The longest has whatever the others have.
  copies.sort((one, other) => Number(other.stats.size - one.stats.size));
  for (const { path } of copies) {
    // Some other file that may not be read is no reason to go no further.
    const file = await openIfAt(path, position, taker).catch(() => undefined);
    if (file !== undefined) return file;
  }
  return undefined;
}

async function openIfAt(
  path: string,
  position: Position,
  taker: LineTaker,
): Promise<FollowedFile | undefined> {
  const file = await openIfThere(path, taker);
  if (file === undefined) return undefined;
  try {
    if (await file.goTo(position)) return file;
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}
