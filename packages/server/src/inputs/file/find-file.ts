import { type FollowedFile, type LineTaker, openIfFilled, orClose } from "./followed-file.js";
import type { Position } from "./position.js";
import { isPlain, isSameListing, listFiles, type RotatedFile } from "./rotated-files.js";

/**
 * Opens the file of a position, whatever its name is now, at that position: the file itself, or else a copy that was
 * made before it was truncated. Undefined if it is gone, or compressed.
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
  const { inode, offset, fingerprint } = position;
  // Not by its device: devices may get other numbers when a machine starts.
  const isIt = ({ stats }: RotatedFile) => stats.ino === inode;
  for (const { path } of files.filter(isIt)) {
    const file = await openIfAt(path, position, taker);
    if (file !== undefined) return file;
  }
  if (fingerprint.bytes === 0) return undefined;
  // As long as no line was taken, the beginning may be too short to tell copies apart: older ones are of older files.
  const since = offset === 0 ? position.mtimeNs : 0n;
  const isCandidate = ({ stats }: RotatedFile) => stats.size >= offset && stats.mtimeNs >= since;
  const copies = files.filter((file) => !isIt(file) && isPlain(file) && isCandidate(file));
  // The longest has whatever the others have.
  copies.sort((one, other) => Number(other.stats.size - one.stats.size));
  for (const { path } of copies) {
    // Another file that cannot be read does not end the search.
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
  const file = await openIfFilled(path, taker);
  if (file === undefined) return undefined;
  if (await orClose(file, () => file.goTo(position))) return file;
  await file.close();
  return undefined;
}
