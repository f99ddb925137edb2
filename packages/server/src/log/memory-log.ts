import { wholeNumber } from "@falco-outputs/core/options";
import type { AlertBatch } from "../alert-batch.js";
import type { AlertLog, Appended, Cursor, LogStats, Subscription } from "./alert-log.js";
import { type Bounds, FrameStore } from "./frame-store.js";
import { Groups, type GroupsOptions } from "./groups.js";
import { slabBytes } from "./slab.js";

export interface MemoryLogOptions {
  /** How many alerts are retained at most. Default: 100,000. */
  maxAlerts?: number;
  /** How much memory they take at most, in bytes; at least 4 MiB. Default: 128 MiB. */
  maxBytes?: number;
  /** How much memory streams being written may hold in addition, in bytes. Default: 64 MiB. */
  maxPinnedBytes?: number;
  /** How many groups there are at most; beyond, those without members are forgotten. Default: 1,000. */
  maxGroups?: number;
  /** How many responses a stream may leave unacknowledged. Default: 4,096. */
  window?: number;
  /** Called when the bound evicted alerts that a group (the shared queue: "") had not taken. */
  onLoss?: (group: string, count: number) => void;
}

const mebibyte = 1024 * 1024;
const leastMaxBytes = 4 * slabBytes;
/** The alert log in memory: it does not survive a restart of the process. */
export class MemoryLog implements AlertLog {
  readonly #store: FrameStore;
  readonly #groups: Groups;
  /** The sequence number before the very first one. */
  readonly #origin: number;

  /** @throws OptionError */
  constructor(options: MemoryLogOptions = {}) {
    // An earlier log has smaller numbers than a later one, so the two cannot be confused.
    this.#origin = Date.now() * 1000;
    this.#store = new FrameStore(this.#origin + 1, boundsOf(options));
    this.#groups = new Groups(this.#store, this.#origin, {
      ...groupLimitsOf(options),
      onLoss: options.onLoss ?? (() => undefined),
      onMoved: () => undefined,
    });
  }

  append(batch: AlertBatch): Appended {
    const first = this.#store.end;
    this.#store.append(batch);
    this.#groups.changed();
    this.#store.forgetEvicted();
    return { first, last: this.#store.end - 1 };
  }

  async open(subscription: Subscription, onEvicted?: (reason: Error) => void): Promise<Cursor> {
    return this.#groups.open(subscription, onEvicted);
  }

  async forget(group: string): Promise<void> {
    this.#groups.forget(group);
  }

  stats(): LogStats {
    const { first, end, times, looked, bytes, pinnedBytes } = this.#store;
    return {
      appended: end - this.#origin - 1,
      retained: end - first,
      first: end === first ? 0 : first,
      last: end === first ? 0 : end - 1,
      earliestUs: times?.least,
      latestUs: times?.greatest,
      looked,
      retainedBytes: bytes,
      pinnedBytes,
      ...this.#groups.stats(),
    };
  }

  close(): Promise<void> {
    this.#groups.close();
    this.#store.clear();
    return Promise.resolve();
  }
}

/** @throws OptionError */
export function boundsOf(options: MemoryLogOptions): Bounds {
  return {
    maxAlerts: wholeNumber("maxAlerts", options.maxAlerts, 100_000),
    maxBytes: wholeNumber("maxBytes", options.maxBytes, 128 * mebibyte, { least: leastMaxBytes }),
    maxPinnedBytes: wholeNumber("maxPinnedBytes", options.maxPinnedBytes, 64 * mebibyte, { least: 0 }),
  };
}

/** @throws OptionError */
export function groupLimitsOf(options: MemoryLogOptions): Pick<GroupsOptions, "maxGroups" | "window"> {
  return {
    maxGroups: wholeNumber("maxGroups", options.maxGroups, 1_000),
    window: wholeNumber("window", options.window, 4_096),
  };
}
