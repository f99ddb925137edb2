import type { AlertBatch } from "../../alert-batch.js";
import type { AlertLog, Appended, Cursor, DiskStats, LogStats, Subscription } from "../alert-log.js";
import { around } from "../filter/time-window.js";
import { FrameStore } from "../frame-store.js";
import { Groups } from "../groups.js";
import { boundsOf, groupLimitsOf, type MemoryLogOptions } from "../memory-log.js";
import type { Unreadable } from "./chunk-reader.js";
import { DiskStore, type DiskStoreOptions } from "./disk-store.js";
import type { Recovery } from "./recover.js";
import { TieredStore } from "./tiered-store.js";

/** What happens to the log's disk. */
export interface DiskLogEvents {
  /** The disk does not take alerts, or not in time: they are in memory only. */
  onOutage(cause: Error): void;
  /** The disk takes alerts again. `missed`: how many of them memory could not hold until then. */
  onOutageEnd(missed: number): void;
  /** Alerts are on the disk, but cannot be read. */
  onUnreadable(unreadable: Unreadable): void;
  /** Something failed that loses nothing by itself. */
  onTrouble(error: Error): void;
}

/** The bounds of `MemoryLogOptions` are those of the newest alerts, which are in memory as well. */
export interface DiskLogOptions extends MemoryLogOptions, DiskStoreOptions {
  readonly directory: string;
  readonly events: DiskLogEvents;
}

interface Unwritten extends Appended {
  resolve(appended: Appended): void;
}

/** The alert log on a disk: whatever becomes of the process, it goes on where it was. */
export class DiskLog implements AlertLog {
  /** What was found in the directory. */
  readonly recovery: Recovery;
  readonly #disk: DiskStore;
  readonly #memory: FrameStore;
  readonly #store: TieredStore;
  readonly #groups: Groups;
  readonly #events: DiskLogEvents;
  /** Appended, and not yet written, in that order. */
  readonly #unwritten: Unwritten[] = [];
  #outage: Error | undefined;
  #missed = 0;
  #missedInOutage = 0;
  #unreadable = 0;
  #written: number;

  private constructor(disk: DiskStore, options: DiskLogOptions) {
    this.recovery = disk.recovery;
    this.#disk = disk;
    this.#events = options.events;
    this.#written = disk.next;
    this.#memory = new FrameStore(disk.next, boundsOf(options));
    this.#store = new TieredStore(this.#memory, disk);
    this.#store.keepFrom(disk.next);
    const { onLoss = () => undefined } = options;
    const onMoved = (group: string) => disk.groupChanged(group);
    const groupsOptions = { ...groupLimitsOf(options), onLoss, onMoved };
    disk.start(this.#store, (group) => this.#groups.placeOf(group), {
      onWritten: (end) => this.#onWritten(end),
      onOutage: (cause) => this.#onOutage(cause),
      onOutageEnd: () => this.#onOutageEnd(),
      onSkipped: (first, last) => {
        this.#missedInOutage += last - first + 1;
      },
      onRemoved: () => {
        this.#store.shrunk();
        this.#groups.changed();
      },
      onUnreadable: (unreadable) => {
        this.#unreadable += unreadable.alerts;
        options.events.onUnreadable(unreadable);
      },
      onTrouble: (error) => options.events.onTrouble(error),
    });
    this.#groups = new Groups(this.#store, this.#store.first - 1, groupsOptions, disk.places);
  }

  /**
   * Opens the log in a directory, which is created if it is missing.
   * @throws OptionError; LogDirectoryError if another process has it, or it cannot be read and written, or is of another
   * version.
   */
  static async open(options: DiskLogOptions): Promise<DiskLog> {
    boundsOf(options);
    groupLimitsOf(options);
    return new DiskLog(await DiskStore.open(options.directory, options), options);
  }

  /** Resolves once the alerts are written; during an outage, once they are in memory. */
  append(batch: AlertBatch): Appended | Promise<Appended> {
    const first = this.#memory.end;
    this.#store.append(batch);
    const last = this.#memory.end - 1;
    this.#disk.wake();
    if (this.#outage !== undefined) this.#show(this.#memory.end);
    if (last < this.#store.end) return { first, last };
    return new Promise((resolve) => this.#unwritten.push({ first, last, resolve }));
  }

  async open(subscription: Subscription, onEvicted?: (reason: Error) => void): Promise<Cursor> {
    const isNew = subscription.mode === "group" && !this.#groups.has(subscription.group);
    const cursor = this.#groups.open(subscription, onEvicted);
    // Who is told that the group begins here finds it there again.
    if (isNew) await this.#disk.saveGroups();
    return cursor;
  }

  async forget(group: string): Promise<void> {
    this.#groups.forget(group);
  }

  stats(): LogStats {
    const { first, end } = this.#store;
    const { alerts } = this.#store.count(first, end);
    const { bytes, pinnedBytes } = this.#memory;
    const times = around([this.#disk.times, this.#memory.times]);
    return {
      appended: this.#memory.end - this.#disk.next,
      retained: alerts,
      first: alerts === 0 ? 0 : first,
      last: alerts === 0 ? 0 : end - 1,
      earliestUs: times?.least,
      latestUs: times?.greatest,
      looked: this.#memory.looked,
      retainedBytes: bytes,
      pinnedBytes,
      disk: this.#diskStats(),
      ...this.#groups.stats(),
    };
  }

  async close(): Promise<void> {
    this.#groups.close();
    await this.#disk.close().catch((error) => this.#events.onTrouble(error));
    this.#memory.clear();
  }

  #diskStats(): DiskStats {
    return {
      bytes: this.#disk.bytes,
      unwritten: this.#memory.end - this.#written,
      missed: this.#missed + this.#missedInOutage,
      unreadable: this.#unreadable,
      outage: this.#outage?.message,
    };
  }

  #onWritten(end: number): void {
    this.#written = end;
    if (this.#outage !== undefined) return;
    this.#store.keepFrom(end);
    this.#show(end);
  }

  #onOutage(cause: Error): void {
    this.#outage = cause;
    this.#store.keepFrom(Number.POSITIVE_INFINITY);
    this.#events.onOutage(cause);
    this.#show(this.#memory.end);
  }

  #onOutageEnd(): void {
    this.#outage = undefined;
    this.#store.keepFrom(this.#written);
    this.#events.onOutageEnd(this.#missedInOutage);
    this.#missed += this.#missedInOutage;
    this.#missedInOutage = 0;
  }

  /** Alerts before `end` can be read; those who appended them are told. */
  #show(end: number): void {
    this.#store.show(end);
    this.#groups.changed();
    const shown = this.#unwritten.findIndex(({ last }) => last >= end);
    for (const { first, last, resolve } of this.#unwritten.splice(0, shown === -1 ? Infinity : shown)) {
      resolve({ first, last });
    }
  }
}
