import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const mode = 0o600;

/**
 * Writes files that only their owner can read into a folder, which is made if needed.
 * @returns Their paths.
 * @throws Error if one exists, unless `force`: then nothing is written.
 */
export function writeFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
  force: boolean,
): readonly string[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const written = Object.entries(files).map(([name, text]) => ({ path: join(folder, name), text }));
  const existing = written.find(({ path }) => !force && existsSync(path));
  if (existing !== undefined) throw new Error(`${existing.path} exists: nothing was written without --force`);
  for (const { path, text } of written) {
    if (force) replace(path, text);
    else writeFileSync(path, text, { mode, flag: "wx" });
  }
  return written.map(({ path }) => path);
}

/** At once, for who reads it meanwhile, and with its own permissions. */
function replace(path: string, text: string): void {
  const next = `${path}.${process.pid}.new`;
  try {
    writeFileSync(next, text, { mode, flag: "wx" });
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}
