import { invalidOption } from "../invalid-option.js";
import type { AlertBatch, AlertLog, Appended, Cursor, LogStats, Slice, Subscription } from "./alert-log.js";
import { SharedQueue } from "./shared-queue.js";
import { frameBytes, Slab, slabBytes } from "./slab.js";

export interface MemoryLogOptions {
  /** How many alerts are retained at the most. Default: 100,000. */
  maxAlerts?: number;
  /** How much memory they take at the most, in bytes; at least 4 MiB. Default: 128 MiB. */
  maxBytes?: number;
  /** Called when the bound evicted alerts that nobody had taken. */
  onLoss?: (count: number) => void;
}

export const defaultMaxAlerts = 100_000;
export const defaultMaxBytes = 128 * 1024 * 1024;
const leastMaxBytes = 4 * slabBytes;

/** The alert log in memory: slabs of ready frames, bounded by count and bytes; the oldest go first. */
export class MemoryLog implements AlertLog {
  readonly #maxAlerts: number;
  readonly #maxBytes: number;
  readonly #onLoss: ((count: number) => void) | undefined;
  readonly #origin: number;
  readonly #slabs: Slab[] = [];
  readonly #queue: SharedQueue;
  #bytes = 0;
  // The sequence numbers of the oldest alert retained and of the next one to come.
  #first: number;
  #end: number;
  #lost = 0;

  constructor({ maxAlerts = defaultMaxAlerts, maxBytes = defaultMaxBytes, onLoss }: MemoryLogOptions = {}) {
    if (!(maxAlerts >= 1)) throw invalidOption(`maxAlerts: ${maxAlerts}, expected at least 1`);
    if (!(maxBytes >= leastMaxBytes)) {
      throw invalidOption(`maxBytes: ${maxBytes}, expected at least ${leastMaxBytes}`);
    }
    this.#maxAlerts = Math.floor(maxAlerts);
    this.#maxBytes = maxBytes;
    this.#onLoss = onLoss;
    // Numbers of an earlier log lie below those of a later one, so that neither is taken for the other.
    this.#origin = Date.now() * 1000;
    this.#first = this.#origin + 1;
    this.#end = this.#first;
    this.#queue = new SharedQueue(this.#end, (sequence, maxCount, bytes) =>
      this.#slice(sequence, maxCount, bytes),
    );
  }

  append(batch: AlertBatch): Appended {
    const first = this.#end;
    let start = 0;
    for (const end of batch.ends) {
      this.#slabFor(frameBytes(end - start, this.#end)).add(batch, start, end);
      this.#end++;
      start = end;
    }
    this.#evict();
    this.#queue.appended(this.#end);
    return { first, last: this.#end - 1 };
  }

  open(subscription: Subscription): Promise<Cursor> {
    return Promise.resolve(this.#queue.join(subscription.follow));
  }

  stats(): LogStats {
    return {
      appended: this.#end - this.#origin - 1,
      delivered: this.#queue.position - this.#origin - 1 - this.#lost,
      lost: this.#lost,
      retained: this.#end - this.#first,
      retainedBytes: this.#bytes,
    };
  }

  close(): Promise<void> {
    this.#queue.close();
    this.#slabs.length = 0;
    this.#bytes = 0;
    this.#first = this.#end;
    return Promise.resolve();
  }

  #slabFor(frame: number): Slab {
    const last = this.#slabs.at(-1);
    if (last?.hasRoom(frame) === true) return last;
    const slab = new Slab(this.#end, Math.max(slabBytes, frame));
    this.#slabs.push(slab);
    this.#bytes += slab.size;
    return slab;
  }

  #evict(): void {
    this.#first = Math.max(this.#first, this.#end - this.#maxAlerts);
    for (;;) {
      const slab = this.#slabs[0];
      if (slab === undefined || (this.#bytes <= this.#maxBytes && slab.end > this.#first)) break;
      this.#slabs.shift();
      this.#bytes -= slab.size;
      this.#first = Math.max(this.#first, slab.end);
    }
    const lost = this.#queue.skipTo(this.#first);
    if (lost === 0) return;
    this.#lost += lost;
    this.#onLoss?.(lost);
  }

  #slice(sequence: number, maxCount: number, maxBytes: number): Slice {
    let low = 0;
    let high = this.#slabs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#slabs[middle]!.first <= sequence) low = middle;
      else high = middle - 1;
    }
    return this.#slabs[low]!.slice(sequence, maxCount, maxBytes);
  }
}
