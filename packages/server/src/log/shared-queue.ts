import type { Cursor, Slice } from "./alert-log.js";

type ReadSlice = (sequence: number, maxCount: number, maxBytes: number) => Slice;

/** A `next` that waits for its share. */
interface Waiter {
  readonly follow: boolean;
  readonly maxBytes: number;
  readonly settle: (slice: Slice | undefined) => void;
}

/**
 * Falco's shared queue, as a place in the log: each alert goes to one member. Whoever asks first is served first, and
 * gets its fair share of what is there, so that one alert at a time goes round and a backlog is split.
 */
export class SharedQueue {
  readonly #read: ReadSlice;
  readonly #members = new Set<Cursor>();
  /** In the order in which they asked. */
  readonly #waiters = new Set<Waiter>();
  #position: number;
  #end: number;
  #scheduled = false;
  #closed = false;

  /** @param start The sequence number of the first alert to come. */
  constructor(start: number, read: ReadSlice) {
    this.#position = start;
    this.#end = start;
    this.#read = read;
  }

  /** The sequence number of the next alert to hand out. */
  get position(): number {
    return this.#position;
  }

  join(follow: boolean): Cursor {
    const cursor: Cursor = {
      position: this.#position - 1,
      next: (maxBytes, signal) => this.#next(follow, maxBytes, signal),
      close: () => {
        this.#members.delete(cursor);
        return Promise.resolve();
      },
    };
    this.#members.add(cursor);
    return cursor;
  }

  /** The log reaches to `end` now. */
  appended(end: number): void {
    this.#end = end;
    if (this.#waiters.size > 0) this.#schedule();
  }

  /** The log begins at `first` now; gives how many alerts nobody had taken until then. */
  skipTo(first: number): number {
    const skipped = Math.max(0, first - this.#position);
    this.#position += skipped;
    return skipped;
  }

  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters) waiter.settle(undefined);
  }

  #next(
    follow: boolean,
    maxBytes: number,
    signal: AbortSignal,
  ): Slice | undefined | Promise<Slice | undefined> {
    signal.throwIfAborted();
    const available = this.#end - this.#position;
    if (this.#closed || (available === 0 && !follow)) return undefined;
    if (available > 0 && this.#members.size === 1) return this.#take(available, maxBytes);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        follow,
        maxBytes,
        settle: (slice) => {
          this.#waiters.delete(waiter);
          signal.removeEventListener("abort", onAbort);
          resolve(slice);
        },
      };
      const onAbort = () => {
        this.#waiters.delete(waiter);
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiters.add(waiter);
      if (available > 0) this.#schedule();
    });
  }

  /** Waits until whoever runs now is through: the alerts and the members that come in one turn are shared together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#distribute();
    });
  }

  #distribute(): void {
    // Members that do not ask at the moment are busy writing; their share waits for them.
    let sharers = this.#members.size;
    for (const waiter of this.#waiters) {
      const available = this.#end - this.#position;
      if (available > 0) waiter.settle(this.#take(Math.ceil(available / sharers), waiter.maxBytes));
      else if (!waiter.follow) waiter.settle(undefined);
      if (sharers > 1) sharers--;
    }
  }

  #take(maxCount: number, maxBytes: number): Slice {
    const slice = this.#read(this.#position, maxCount, maxBytes);
    this.#position += slice.count;
    return slice;
  }
}
