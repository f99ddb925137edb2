import { mkdir, unlink } from "node:fs/promises";
import type { TimeSpan } from "../filter/time-window.js";
import type { FrameRun } from "../frame-run.js";
import type { GroupPlace } from "../group-place.js";
import { ChunkReader, type Unreadable } from "./chunk-reader.js";
import { spanOf } from "./chunks.js";
import { DirectoryLock } from "./directory-lock.js";
import {
  type BlockSource,
  DiskWriter,
  type Sync,
  type WriterEvents,
  type WriterOptions,
} from "./disk-writer.js";
import { GroupJournal, readJournal } from "./group-journal.js";
import { LogDirectoryError } from "./log-directory-error.js";
import { Outage } from "./outage.js";
import { type Recovered, type Recovery, recover } from "./recover.js";
import type { Segment } from "./segment.js";
import { SegmentWriter } from "./segment-writer.js";
import type { Retention } from "./segments.js";
import { type LogState, StateFile } from "./state-file.js";

const mebibyte = 1024 * 1024;
const dayMs = 24 * 60 * 60 * 1000;
/** How long the last writes may take, in milliseconds. */
const closeMs = 5_000;
/** How often old segments are looked for, in milliseconds. */
const tidyMs = 60_000;

export interface DiskStoreOptions {
  /** Default: 1 GiB, any number of alerts, 7 days. */
  readonly retention?: Partial<Retention>;
  /** Default: `interval`. */
  readonly sync?: Sync;
  /** Default: 1,000. */
  readonly syncIntervalMs?: number;
  /** The size of a segment file. Default: 16 MiB. */
  readonly segmentBytes?: number;
  /** How long a write may take before alerts no longer wait for it. Default: 2,000. */
  readonly slowMs?: number;
  /** How long after a failure the disk is tried again. Default: 1,000. */
  readonly retryMs?: number;
}

export interface StoreEvents {
  /** All alerts before this sequence number are written. */
  onWritten(end: number): void;
  /** The disk does not take alerts, or not in time: from now on, they are in memory only. */
  onOutage(cause: Error): void;
  /** The disk takes alerts again, and all that memory had are written. */
  onOutageEnd(): void;
  /** These alerts were only in memory, which could not hold them until the disk took them again. */
  onSkipped(first: number, last: number): void;
  /** The oldest alerts were removed: `first` of the store is another. */
  onRemoved(): void;
  /** These alerts are on the disk, but cannot be read. */
  onUnreadable(unreadable: Unreadable): void;
  /** Something failed that loses nothing by itself. */
  onTrouble(error: Error): void;
}

/** The part of a log that is on a disk: alerts from a source are written, and read again. */
export class DiskStore {
  readonly directory: string;
  /** What was found in the directory. */
  readonly recovery: Recovery;
  /** The sequence number of the next alert. */
  readonly next: number;
  /** Where the groups were. */
  readonly places: ReadonlyMap<string, GroupPlace>;
  #lock: DirectoryLock;
  readonly #recovered: Recovered;
  readonly #told: LogState;
  readonly #state: StateFile;
  readonly #options: WriterOptions;
  readonly #file: SegmentWriter | undefined;
  #parts:
    | { writer: DiskWriter; reader: ChunkReader; journal: GroupJournal; tidy: NodeJS.Timeout }
    | undefined;

  private constructor(
    directory: string,
    lock: DirectoryLock,
    recovered: Recovered,
    places: ReadonlyMap<string, GroupPlace>,
    file: SegmentWriter | undefined,
    options: WriterOptions,
  ) {
    this.directory = directory;
    this.recovery = recovered;
    this.next = recovered.next;
    this.places = places;
    this.#lock = lock;
    this.#recovered = recovered;
    this.#file = file;
    this.#options = options;
    this.#state = new StateFile(directory, recovered.log);
    // What may have been seen and is not written stays so until the first write tells of the jump.
    this.#told = recovered.jumped ? "memory" : normalState(options.sync);
  }

  /**
   * Takes a directory, which is created if it is missing.
   * @throws LogDirectoryError if another process has it, or it cannot be read and written, or is of another version.
   */
  static async open(directory: string, options: DiskStoreOptions = {}): Promise<DiskStore> {
    const writerOptions = withDefaults(options);
    await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error) => {
      throw new LogDirectoryError(directory, "access", "cannot be created", error);
    });
    const lock = await DirectoryLock.take(directory);
    try {
      const recovered = await recover(directory);
      const { places } = await readJournal(directory, recovered.log);
      const { last } = recovered;
      const file = last && (await SegmentWriter.continue(last.segment, recovered.log, last.at));
      const store = new DiskStore(directory, lock, recovered, places, file, writerOptions);
      await store.#state.write(store.#told, store.next, writerOptions.sync !== "never");
      return store;
    } catch (error) {
      await lock.release();
      if (error instanceof LogDirectoryError) throw error;
      throw new LogDirectoryError(directory, "access", "cannot be written", error);
    }
  }

  /**
   * Begins to write what `source` has, from `next` on.
   * @param placeOf Where a group is now; undefined once it is gone.
   */
  start(source: BlockSource, placeOf: (group: string) => GroupPlace | undefined, events: StoreEvents): void {
    const { log, segments } = this.#recovered;
    const onTrouble = (error: Error) => events.onTrouble(error);
    const outage: Outage = new Outage(
      this.#state,
      this.#told,
      normalState(this.#options.sync),
      () => writer.next,
      (cause) => events.onOutage(cause),
      () => events.onOutageEnd(),
    );
    const writerEvents: WriterEvents = {
      onWritten: (end) => events.onWritten(end),
      onSkipped: (first, last) => events.onSkipped(first, last),
      onRetry: () => this.#regain(),
      onRemoved: (removed) => {
        events.onRemoved();
        void this.#remove(removed, outage).catch(onTrouble);
      },
      onTrouble,
    };
    const writer: DiskWriter = new DiskWriter(
      this.directory,
      this.#recovered,
      this.#file,
      source,
      outage,
      this.#options,
      writerEvents,
    );
    const { sync, syncIntervalMs } = this.#options;
    const syncMs = sync === "never" ? undefined : syncIntervalMs;
    const reader = new ChunkReader(log, segments, (unreadable) => events.onUnreadable(unreadable));
    const journal = new GroupJournal(this.directory, log, this.places, placeOf, syncMs, onTrouble);
    const tidy = setInterval(() => void writer.tidy(), tidyMs).unref();
    this.#parts = { writer, reader, journal, tidy };
    setImmediate(() => void writer.tidy());
  }

  /** The sequence number of the oldest alert on the disk; undefined if there is none. */
  get first(): number | undefined {
    return this.#recovered.segments.first;
  }

  /** The size of the segment files. */
  get bytes(): number {
    return this.#recovered.segments.bytes;
  }

  /** The times of its alerts, or a range around them; undefined if there are none. */
  get times(): TimeSpan | undefined {
    return this.#recovered.segments.times;
  }

  /** How many numbers from `from` up to `to`, without `to`, stand for alerts, and whether some were left out. */
  count(from: number, to: number): { alerts: number; jumped: boolean } {
    return this.#recovered.segments.count(from, to);
  }

  /** The source has more. */
  wake(): void {
    this.#parts?.writer.wake();
  }

  /** The frames among which is the one of `sequence`, or else the next ones on the disk; undefined if there are none. */
  async read(sequence: number): Promise<FrameRun | undefined> {
    return this.#parts?.reader.read(sequence);
  }

  /** Where the search for an alert goes on: after those whose times, as a range around them, are excluded. */
  skip(sequence: number, isExcluded: (times: TimeSpan) => boolean): number {
    const chunk = this.#recovered.segments.find(sequence)?.chunk;
    if (chunk === undefined || sequence < chunk.first) return sequence;
    return isExcluded(spanOf(chunk)) ? chunk.end : sequence;
  }

  /** A group's place is another, or it is gone. */
  groupChanged(group: string): void {
    this.#parts?.journal.changed(group);
  }

  /** Writes the places that have changed now, if the disk takes them in time. */
  async saveGroups(): Promise<void> {
    const saved = this.#parts?.journal.flush();
    // If not, that is told and tried again.
    if (saved !== undefined) await within(this.#options.slowMs, saved).catch(() => undefined);
  }

  /**
   * Writes what is left, if the disk takes it in time, and gives the directory back.
   * @throws if something could not be written, or the disk hangs; then the directory is free when the process ends.
   */
  async close(): Promise<void> {
    const parts = this.#parts;
    this.#parts = undefined;
    clearInterval(parts?.tidy);
    const ends = [parts?.writer.close(), parts?.journal.close(), parts?.reader.close()];
    const ended = await within(closeMs, Promise.allSettled(ends));
    await this.#lock.release();
    for (const end of ended) if (end.status === "rejected") throw end.reason;
  }

  /** After a failure: the directory may have been away, and have come back without what this process had in it. */
  async #regain(): Promise<void> {
    if (await this.#lock.isHeld()) return;
    await this.#lock.release();
    this.#lock = await DirectoryLock.take(this.directory);
    await this.#parts?.journal.rewrite();
  }

  async #remove(segments: readonly Segment[], outage: Outage): Promise<void> {
    if (this.#recovered.segments.all.length === 0) await outage.tellNext();
    for (const { path, indexPath } of segments) {
      // An index without its segment would do no harm.
      await unlink(path);
      await unlink(indexPath).catch(() => undefined);
    }
    await this.#parts?.reader.release();
  }
}

/** @throws if it takes longer. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the disk has taken more than ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function normalState(sync: Sync): LogState {
  return sync === "always" ? "synced" : "written";
}

function withDefaults(options: DiskStoreOptions): WriterOptions {
  return {
    sync: options.sync ?? "interval",
    syncIntervalMs: options.syncIntervalMs ?? 1000,
    segmentBytes: options.segmentBytes ?? 16 * mebibyte,
    retention: { bytes: 1024 * mebibyte, count: undefined, ageMs: 7 * dayMs, ...options.retention },
    slowMs: options.slowMs ?? 2000,
    retryMs: options.retryMs ?? 1000,
  };
}
