import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { GroupPlace } from "../group-place.js";
import type { Loss } from "../loss.js";
import { formatVersion, type LogId } from "./format.js";
import { checkVersion } from "./state-file.js";

/*
 * A line for each change: a checksum, and JSON. The first line says whose it is. The last line of a group counts. Once
 * the file is several times as long as it need be, a new one takes its place.
 */

/** How long a change waits for others, in milliseconds. */
const delayMs = 100;
/** How long after a failure it is tried again, in milliseconds. */
const retryMs = 1000;
const leastFileBytes = 1024 * 1024;

/** Keeps the places of groups in a file, at most 100 ms behind. */
export class GroupJournal {
  readonly #path: string;
  readonly #log: LogId;
  readonly #placeOf: (group: string) => GroupPlace | undefined;
  readonly #syncMs: number | undefined;
  readonly #onTrouble: (error: Error) => void;
  /** The last line of each group, the last written last. */
  readonly #lines: Map<string, string>;
  readonly #changed = new Set<string>();
  #liveBytes = 0;
  #file: FileHandle | undefined;
  #fileBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();
  #isFailing = false;
  #closed = false;

  /**
   * @param known What `readJournal` found.
   * @param placeOf Where a group is now; undefined once it is gone.
   * @param syncMs How long after a write it is synced, in milliseconds; undefined: never.
   * @param onTrouble Called once a write failed, until one succeeds; it is tried again by itself.
   */
  constructor(
    directory: string,
    log: LogId,
    known: ReadonlyMap<string, GroupPlace>,
    placeOf: (group: string) => GroupPlace | undefined,
    syncMs: number | undefined,
    onTrouble: (error: Error) => void,
  ) {
    this.#path = journalPath(directory);
    this.#log = log;
    this.#placeOf = placeOf;
    this.#syncMs = syncMs;
    this.#onTrouble = onTrouble;
    this.#lines = new Map([...known].map(([group, place]) => [group, lineOf(log, group, place)]));
    for (const line of this.#lines.values()) this.#liveBytes += Buffer.byteLength(line);
  }

  /** A group's place is another, or it is gone. */
  changed(group: string): void {
    this.#changed.add(group);
    this.#flushIn(delayMs);
  }

  /**
   * Writes what has changed.
   * @throws if it cannot be written; the next `flush` writes all of it.
   */
  flush(): Promise<void> {
    const flushed = this.#last.then(() => this.#write());
    this.#last = flushed.catch(() => undefined);
    return flushed;
  }

  /** The file may be gone: writes all of it again. */
  async rewrite(): Promise<void> {
    await this.#last;
    await this.#file?.close();
    this.#file = undefined;
    await this.flush();
  }

  /** Writes what has changed. @throws if it cannot be written. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#syncTimer);
    try {
      await this.flush();
      if (this.#syncMs !== undefined) await this.#file?.datasync();
    } finally {
      await this.#file?.close();
      this.#file = undefined;
    }
  }

  #flushIn(ms: number): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(async () => {
      this.#timer = undefined;
      try {
        await this.flush();
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing) this.#onTrouble(error as Error);
        this.#isFailing = true;
        this.#flushIn(retryMs);
      }
    }, ms).unref();
  }

  async #write(): Promise<void> {
    const text = this.#takeChanges();
    const bytes = Buffer.byteLength(text);
    try {
      if (
        this.#file === undefined ||
        this.#fileBytes + bytes > Math.max(leastFileBytes, 4 * this.#liveBytes)
      ) {
        await this.#compact();
      } else if (bytes > 0) {
        await this.#file.writeFile(text);
        this.#fileBytes += bytes;
        this.#syncLater();
      }
    } catch (error) {
      // A line that was written in part would damage the next.
      await this.#file?.close().catch(() => undefined);
      this.#file = undefined;
      throw error;
    }
  }

  #syncLater(): void {
    if (this.#syncMs === undefined || this.#closed) return;
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined;
      // If it fails, so does what comes next.
      void this.#file?.datasync().catch(() => undefined);
    }, this.#syncMs).unref();
  }

  #takeChanges(): string {
    let text = "";
    for (const group of this.#changed) {
      const place = this.#placeOf(group);
      const line = lineOf(this.#log, group, place);
      const before = this.#lines.get(group);
      if (line === before || (place === undefined && before === undefined)) continue;
      text += line;
      this.#liveBytes -= Buffer.byteLength(before ?? "");
      this.#lines.delete(group);
      if (place !== undefined) {
        this.#lines.set(group, line);
        this.#liveBytes += Buffer.byteLength(line);
      }
    }
    this.#changed.clear();
    return text;
  }

  async #compact(): Promise<void> {
    const text = [headLine(this.#log), ...this.#lines.values()].join("");
    const file = await open(`${this.#path}.new`, "w", 0o600);
    try {
      await file.writeFile(text);
      if (this.#syncMs !== undefined) await file.datasync();
      await rename(`${this.#path}.new`, this.#path);
    } catch (error) {
      await file.close();
      throw error;
    }
    await this.#file?.close();
    this.#file = file;
    this.#fileBytes = Buffer.byteLength(text);
  }
}

export interface KnownPlaces {
  readonly places: ReadonlyMap<string, GroupPlace>;
  /** How many lines are damaged; the last one may only be cut off. */
  readonly damagedLines: number;
}

/**
 * The groups' places that a directory has; none if they are of another log.
 * @throws LogDirectoryError if they are of another version.
 */
export async function readJournal(directory: string, log: LogId): Promise<KnownPlaces> {
  const path = journalPath(directory);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const places = new Map<string, GroupPlace>();
  let damagedLines = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const parsed = parseLine(log, line);
    if (parsed === undefined) damagedLines++;
    else if (typeof parsed[0] === "number") checkVersion(path, parsed[0]);
    else if (parsed.length === 1) places.delete(parsed[0]);
    else {
      const [group, filter, position, unacknowledged, losses] = parsed;
      places.delete(group);
      places.set(group, { filter, position, unacknowledged, losses });
    }
  }
  return { places, damagedLines };
}

type Line =
  | readonly [version: number]
  | readonly [group: string]
  | readonly [
      group: string,
      filter: string,
      position: number,
      unacknowledged: (readonly [first: number, last: number])[],
      losses: Loss[],
    ];

function headLine(log: LogId): string {
  return checked(log, [formatVersion]);
}

function lineOf(log: LogId, group: string, place: GroupPlace | undefined): string {
  if (place === undefined) return checked(log, [group]);
  const { filter, position, unacknowledged, losses } = place;
  return checked(log, [group, filter, position, unacknowledged, losses]);
}

function checked(log: LogId, line: readonly unknown[]): string {
  const json = JSON.stringify(line);
  return `${crc32(json, log.seed).toString(16).padStart(8, "0")} ${json}\n`;
}

function parseLine(log: LogId, line: string): Line | undefined {
  const json = line.slice(9);
  if (line[8] !== " " || crc32(json, log.seed) !== Number.parseInt(line.slice(0, 8), 16)) return undefined;
  return JSON.parse(json) as Line;
}

function journalPath(directory: string): string {
  return join(directory, "groups");
}
