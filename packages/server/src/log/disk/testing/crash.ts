import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { folder, TestStore } from "./test-store.js";

/** A log as a SIGKILL leaves it. */
export interface CrashedLog {
  readonly directory: string;
  /** Its first sequence number. */
  readonly first: number;
}

/** A log with one segment, which has a block of so many alerts for each count. */
export async function crashedLog(...counts: number[]): Promise<CrashedLog> {
  const directory = folder();
  const store = await TestStore.open(directory);
  const first = store.next;
  for (const count of counts) await store.append(count);
  const crashed = copyOf(directory);
  await store.close();
  return { directory: crashed, first };
}

/** A copy of a log's directory, without its lock and some other files. */
export function copyOf(directory: string, without: readonly string[] = []): string {
  const copy = folder();
  const isCopied = (path: string) => !path.includes("lock-") && !without.includes(basename(path));
  cpSync(directory, copy, { recursive: true, filter: isCopied });
  return copy;
}

/** The paths of the files with this ending, ascending. */
export function filesOf(directory: string, ending: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(directory, name));
}

/** Flips a bit of the byte at `at`. */
export function flip(file: string, at: number, bit = 0): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
  writeFileSync(file, bytes);
}
