import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";

/** Where a path leads through symbolic links, whether or not the file exists yet. */
export function realPath(path: string): string {
  // Not `resolve`: what ".." means after a link depends on the system.
  const absolute = isAbsolute(path) ? path : `${process.cwd()}/${path}`;
  try {
    return realpathSync.native(absolute);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const folder = dirname(absolute);
    // Opening it will report what else is wrong with it.
    if (code !== "ENOENT" || folder === absolute) return absolute;
    const inFolder = join(realPath(folder), basename(absolute));
    const isLink = lstatSync(inFolder, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    if (!isLink) return inFolder;
    const target = readlinkSync(inFolder);
    return realPath(isAbsolute(target) ? target : `${dirname(inFolder)}/${target}`);
  }
}
