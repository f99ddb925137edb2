import { type FollowedFile, type LineTaker, openIfFilled, orClose } from "./followed-file.js";
import { isSameFile } from "./position.js";
import { isPlain, isSameListing, listFiles, type RotatedFile } from "./rotated-files.js";

/** A file that comes after another one, at its beginning. */
export interface FileAfter {
  readonly file: FollowedFile;
  /** Files before it that exist only in compressed form, so that they cannot be read. */
  readonly missed: readonly RotatedFile[];
  /** All files in the folder that are or were followed. */
  readonly files: readonly RotatedFile[];
}

/**
 * Opens the first file of a selection, in the order in which they were written, that can be read and is not empty. It is
 * certainly the first, as nothing was rotated during the search. Undefined if there is none.
 * @param select Chooses from the files at `path` and beside it.
 */
export async function openAfter(
  path: string,
  select: (files: readonly RotatedFile[]) => readonly RotatedFile[],
  taker: LineTaker,
): Promise<FileAfter | undefined> {
  for (;;) {
    const files = await listFiles(path);
    const selected = select(files).filter(({ stats }) => stats.size > 0n);
    const index = selected.findIndex(isPlain);
    if (index === -1) return undefined;
    const first = selected[index]!;
    const file = await openUnlessCopy(first, path, taker);
    if (file === undefined) continue;
    const listedAgain = await orClose(file, () => listFiles(path));
    if (isSameListing(files, listedAgain)) {
      return { file, missed: selected.slice(0, index).filter((one) => isGone(one, files)), files };
    }
    await file.close();
  }
}

/**
 * Opens a file, or the one at `path` if the file is a copy of it. Such a copy is made before a truncation, and may still
 * be incomplete.
 */
async function openUnlessCopy(
  { path: from, stats }: RotatedFile,
  path: string,
  taker: LineTaker,
): Promise<FollowedFile | undefined> {
  const file = await openIfFilled(from, taker);
  if (file === undefined || from === path) return file;
  if (!isSameFile(file, stats)) {
    await file.close();
    return undefined;
  }
  const current = await orClose(file, () => openIfFilled(path, taker));
  if (current === undefined) return file;
  const isCopy = file.beginsLike(current);
  await (isCopy ? file : current).close();
  return isCopy ? current : file;
}

/** Whether a file exists only in compressed form; while it is being compressed, both forms exist. */
function isGone({ path, plainPath }: RotatedFile, files: readonly RotatedFile[]): boolean {
  return path !== plainPath && !files.some((other) => other.path === plainPath);
}
