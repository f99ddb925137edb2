import { existsSync, readFileSync } from "node:fs";

/**
 * The process ids that programs wrote to a file, one per line. A line without its end is not one yet: an empty one would be
 * the process id 0, by which `kill` means the caller's own group.
 */
export function pidsIn(path: string): number[] {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1).map(Number) : [];
}
