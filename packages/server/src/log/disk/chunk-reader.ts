import { type FileHandle, open } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import type { FrameRun } from "../frame-run.js";
import { type Chunk, indexAfter } from "./chunks.js";
import type { LogId } from "./format.js";
import { runsOf } from "./runs-of.js";
import { scanBlocks } from "./scan-blocks.js";
import type { Segment } from "./segment.js";
import type { Place, Segments } from "./segments.js";
import { Turns } from "./turns.js";

/** How many chunks are read from the disk at once. */
const readsAtOnce = 2;
/** How much of what was read last is kept for other readers, in bytes. */
const maxCachedBytes = 4 * 1024 * 1024;
/** How many files are kept open for the next read. */
const maxHandles = 4;
/** The process is short of something; the disk is not to blame. */
const shortages = new Set(["EMFILE", "ENFILE", "ENOMEM", "EAGAIN"]);
const shortageMs = 100;

/** Alerts that cannot be read. */
export interface Unreadable {
  readonly file: string;
  /** The range that they are in; others of it may be readable. */
  readonly first: number;
  readonly last: number;
  readonly alerts: number;
  readonly cause: Error;
}

/** Reads frames from segments, chunk by chunk. Readers take turns, and share what they read at the same time. */
export class ChunkReader {
  readonly #log: LogId;
  readonly #segments: Segments;
  readonly #onUnreadable: (unreadable: Unreadable) => void;
  readonly #turns = new Turns(readsAtOnce);
  /** The last used is the last. */
  readonly #cache = new Map<Chunk, Promise<FrameRun[]>>();
  #cachedBytes = 0;
  readonly #handles = new Map<Segment, { handle: FileHandle; users: number }>();
  /** What was told already. */
  readonly #unreadable = new WeakSet<Chunk>();
  #closed = false;

  constructor(log: LogId, segments: Segments, onUnreadable: (unreadable: Unreadable) => void) {
    this.#log = log;
    this.#segments = segments;
    this.#onUnreadable = onUnreadable;
  }

  /** The frames among which is the one of `sequence`, or else the next ones that can be read; undefined if none can. */
  async read(sequence: number): Promise<FrameRun | undefined> {
    for (let next = sequence; ; ) {
      const place = this.#segments.find(next);
      if (place === undefined) return undefined;
      const runs = await this.#load(place);
      const run = runs[indexAfter(runs, next)];
      if (run !== undefined) return run;
      next = place.chunk.end;
    }
  }

  /** What is being read may be missing then. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { handle } of this.#handles.values()) await handle.close();
    this.#handles.clear();
    this.#cache.clear();
  }

  /** Closes the files that the log no longer has, once nobody reads them: only then their space is free. */
  async release(): Promise<void> {
    for (const [segment, { handle, users }] of this.#handles) {
      const isKept = this.#handles.size <= maxHandles && this.#segments.all.includes(segment);
      if (isKept || users > 0) continue;
      this.#handles.delete(segment);
      await handle.close().catch(() => undefined);
    }
  }

  #load(place: Place): Promise<FrameRun[]> {
    const { chunk } = place;
    const cached = this.#cache.get(chunk);
    this.#cache.delete(chunk);
    const runs = cached ?? this.#turns.run(() => this.#readChunk(place));
    this.#cache.set(chunk, runs);
    if (cached === undefined) {
      this.#cachedBytes += chunk.bytes;
      this.#shrinkCache();
    }
    return runs;
  }

  #shrinkCache(): void {
    for (const chunk of this.#cache.keys()) {
      if (this.#cachedBytes <= maxCachedBytes || this.#cache.size === 1) return;
      this.#cache.delete(chunk);
      this.#cachedBytes -= chunk.bytes;
    }
  }

  async #readChunk({ segment, chunk }: Place): Promise<FrameRun[]> {
    let runs: FrameRun[] = [];
    let cause = new Error("its checksum does not match");
    try {
      const bytes = await this.#readBytes(segment, chunk);
      runs = runsOf(bytes, scanBlocks(bytes, 0, this.#log, chunk.first).blocks, chunk.end);
    } catch (error) {
      cause = error as Error;
    }
    const { first, end } = chunk;
    const alerts = runs.reduce((left, run) => left - (run.end - run.first), end - first);
    // Retention may have removed it meanwhile.
    const isTold = this.#closed || !this.#segments.all.includes(segment) || this.#unreadable.has(chunk);
    if (alerts > 0 && !isTold) {
      this.#unreadable.add(chunk);
      this.#onUnreadable({ file: segment.path, first, last: end - 1, alerts, cause });
    }
    return runs;
  }

  async #readBytes(segment: Segment, { bytes, offset }: Chunk): Promise<Buffer> {
    for (;;) {
      try {
        return await this.#withHandle(segment, async (handle) => {
          const buffer = Buffer.allocUnsafeSlow(bytes);
          const { bytesRead } = await handle.read(buffer, 0, bytes, offset);
          return buffer.subarray(0, bytesRead);
        });
      } catch (error) {
        if (!shortages.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
        await setTimeout(shortageMs);
      }
    }
  }

  async #withHandle<T>(segment: Segment, use: (handle: FileHandle) => Promise<T>): Promise<T> {
    let entry = this.#handles.get(segment);
    if (entry === undefined) {
      const handle = await open(segment.path);
      const other = this.#handles.get(segment);
      if (other !== undefined) await handle.close();
      entry = other ?? { handle, users: 0 };
    }
    this.#handles.delete(segment);
    this.#handles.set(segment, entry);
    entry.users++;
    try {
      return await use(entry.handle);
    } finally {
      entry.users--;
      void this.release();
    }
  }
}
