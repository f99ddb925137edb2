import { type FollowedFile, type LineTaker, openIfFilled, orClose } from "./followed-file.js";
import { isSameFile } from "./position.js";
import { isPlain, isSameListing, listFiles, type RotatedFile } from "./rotated-files.js";

/** A file that comes behind another one, at its beginning. */
export interface FileBehind {
  readonly file: FollowedFile;
  /** Files before it that are there in compressed form only, so that they cannot be read. */
  readonly missed: readonly RotatedFile[];
  /** All that there are. */
  readonly files: readonly RotatedFile[];
}

/**
 * Opens the first file of a selection, in the order in which they were written, that can be read and is not empty. It is
 * the first for certain: nothing was rotated while it was looked for. Undefined if there is none.
 * @param select Chooses from the files at `path` and beside it.
 */
export async function openBehind(
  path: string,
  select: (files: readonly RotatedFile[]) => readonly RotatedFile[],
  taker: LineTaker,
): Promise<FileBehind | undefined> {
  for (;;) {
    const files = await listFiles(path);
    const selected = select(files).filter(({ stats }) => stats.size > 0n);
    const index = selected.findIndex(isPlain);
    if (index === -1) return undefined;
    const first = selected[index]!;
    const file = await openUnlessCopy(first, path, taker);
    if (file === undefined) continue;
    const after = await orClose(file, () => listFiles(path));
    if (isSameListing(files, after)) {
      return { file, missed: selected.slice(0, index).filter((one) => isGone(one, files)), files };
    }
    await file.close();
  }
}

/**
 * Opens a file, or what is at `path` if the file is a copy of that, which is being made so that it can be truncated: the
 * copy may have less.
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

/** Whether a file is there in compressed form only; while it is being compressed, it is there as well. */
function isGone({ path, plainPath }: RotatedFile, files: readonly RotatedFile[]): boolean {
  return path !== plainPath && !files.some((other) => other.path === plainPath);
}
