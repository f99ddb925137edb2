import type { BigIntStats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { unlessAbsent } from "./absence.js";
import { isSameFile } from "./position.js";

/** A file that is, or may have been, what the input follows. */
export interface RotatedFile {
  readonly path: string;
  readonly stats: BigIntStats;
  /** What rotation put into its name; "" for the file that the input follows; undefined for a name that rotation does not make. */
  readonly suffix: string | undefined;
  /** Where it was before it was compressed; its own path if it is not. */
  readonly plainPath: string;
}

/** How often the folder is read until nothing was renamed meanwhile. */
const maxListings = 10;
const compressed = /\.(?:gz|bz2|xz|zst|lz4|Z|zip)$/;

/** Whether it can be read as lines, as compressed files cannot. */
export function isPlain({ path, plainPath }: RotatedFile): boolean {
  return path === plainPath;
}

/**
 * What is at `path`, and the files beside it whose names begin like it, in the order in which they were written: by the
 * time of the last write, and for equal times by the name. What is at `path` is the last. A folder that is not there is
 * empty.
 */
export async function listFiles(path: string): Promise<RotatedFile[]> {
  let before = await listOnce(path);
  for (let listings = 1; listings < maxListings; listings++) {
    const files = await listOnce(path);
    // A file that was renamed while the folder was read may be missing, or there twice.
    if (isSameListing(files, before)) return files;
    before = files;
  }
  throw new Error("the files beside it are renamed all the time");
}

/** Whether no file was renamed, made or removed between two lists. */
export function isSameListing(some: readonly RotatedFile[], others: readonly RotatedFile[]): boolean {
  const byPath = new Map(others.map(({ path, stats }) => [path, stats]));
  return (
    some.length === others.length &&
    some.every(({ path, stats }) => {
      const other = byPath.get(path);
      return other !== undefined && isSameFile(stats, other);
    })
  );
}

/** The files of a list that came after `file`: rotated away later, or in its place. */
export function filesAfter(
  files: readonly RotatedFile[],
  file: { dev: bigint; ino: bigint; mtimeNs: bigint },
): RotatedFile[] {
  const at = files.findIndex(({ stats }) => isSameFile(stats, file));
  if (at === -1) return filesSince(files, file.mtimeNs);
  return files.slice(at + 1).filter(({ suffix }) => suffix !== undefined);
}

/** The files of a list that were written after the last write to a file that is gone; the one at `path` always was. */
export function filesSince(files: readonly RotatedFile[], mtimeNs: bigint): RotatedFile[] {
  return files.filter(
    ({ stats, suffix }) => suffix === "" || (suffix !== undefined && stats.mtimeNs > mtimeNs),
  );
}

/**
 * What rotation put after a name, or before its ending (logrotate's `extension`): `.1`, `-20260131`; "" for the name
 * itself; undefined if it is another's.
 */
export function rotationSuffix(base: string, name: string): string | undefined {
  if (name === base) return "";
  const ending = extname(base);
  const stem = base.slice(0, base.length - ending.length);
  const plain = name.replace(compressed, "");
  let suffix = "";
  if (plain.startsWith(base)) suffix = plain.slice(base.length);
  else if (ending !== "" && plain.startsWith(stem) && plain.endsWith(ending)) {
    suffix = plain.slice(stem.length, -ending.length);
  }
  return /^[.-]\d[\dTZ.:_-]*$/.test(suffix) ? suffix : undefined;
}

async function listOnce(path: string): Promise<RotatedFile[]> {
  const folder = dirname(path);
  const base = basename(path);
  const files: RotatedFile[] = [];
  for (const name of (await readdir(folder).catch(unlessAbsent)) ?? []) {
    const suffix = rotationSuffix(base, name);
    if (suffix === undefined && !name.startsWith(base)) continue;
    const file = join(folder, name);
    // Absent, if it was renamed meanwhile, or is a link to nowhere.
    const stats = await stat(file, { bigint: true }).catch(unlessAbsent);
    if (stats?.isFile() === true) {
      files.push({ path: file, stats, suffix, plainPath: file.replace(compressed, "") });
    } else if (stats !== undefined && suffix === "") {
      throw new Error(`${path} is not a regular file`);
    }
  }
  return files.sort(inOrder);
}

function inOrder(one: RotatedFile, other: RotatedFile): number {
  if (one.suffix === "") return 1;
  if (other.suffix === "") return -1;
  if (one.stats.mtimeNs !== other.stats.mtimeNs) return one.stats.mtimeNs < other.stats.mtimeNs ? -1 : 1;
  const numbers = [one, other].map(({ suffix = "" }) => /^[.-](\d{1,4})$/.exec(suffix)?.[1]);
  // logrotate counts up what is older, while dates count up with time.
  if (numbers[0] !== undefined && numbers[1] !== undefined) return Number(numbers[1]) - Number(numbers[0]);
  return one.path < other.path ? -1 : 1;
}
