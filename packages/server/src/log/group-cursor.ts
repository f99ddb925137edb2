import { Code, FalcoError } from "@falco-outputs/core";
import type { Cursor, Slice } from "./alert-log.js";
import type { FrameStore, Holder } from "./frame-store.js";
import type { Group } from "./group.js";
import type { Loss } from "./loss.js";

/** A member of a group. */
export class GroupCursor implements Cursor, Holder {
  readonly position: number;
  readonly follow: boolean;
  readonly window: number;
  readonly #group: Group;
  readonly #store: FrameStore;
  readonly #onEvicted: (reason: Error) => void;
  /** What was sent and is not acknowledged, in the order in which it was sent; the first `#done` of it are. */
  #unacknowledged: (number | Loss)[] = [];
  #done = 0;
  #acknowledged = 0;
  #maxBytes = 0;
  #resolve: ((slice: Slice | undefined) => void) | undefined;
  #closed = false;

  constructor(
    group: Group,
    store: FrameStore,
    follow: boolean,
    window: number,
    onEvicted: (reason: Error) => void,
  ) {
    this.position = group.position - 1;
    this.follow = follow;
    this.window = window;
    this.#group = group;
    this.#store = store;
    this.#onEvicted = onEvicted;
  }

  /** What the `next` that waits may give at the most, in bytes. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** How many more may be sent before one is acknowledged. */
  get room(): number {
    return this.window === 0
      ? Number.POSITIVE_INFINITY
      : this.window - (this.#unacknowledged.length - this.#done);
  }

  get hasRoom(): boolean {
    return this.room > 0;
  }

  next(maxBytes: number, signal: AbortSignal): Slice | undefined | Promise<Slice | undefined> {
    signal.throwIfAborted();
    this.#store.release(this);
    this.#maxBytes = maxBytes;
    const served = this.#group.serve(this);
    if (served !== undefined) return served.slice;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#group.stopWaiting(this);
        reject(signal.reason);
      };
      this.#resolve = (slice) => {
        signal.removeEventListener("abort", onAbort);
        resolve(slice);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#group.wait(this);
    });
  }

  settle(slice: Slice | undefined): void {
    this.#resolve?.(slice);
    this.#resolve = undefined;
  }

  sent(item: number | Loss): void {
    if (this.window > 0) this.#unacknowledged.push(item);
  }

  acknowledge(count: number): void {
    const fresh = count - this.#acknowledged;
    if (fresh <= 0) return;
    const outstanding = this.#unacknowledged.length - this.#done;
    if (fresh > outstanding) {
      const sent = this.#acknowledged + outstanding;
      throw new FalcoError(`acknowledged: ${count}, but ${sent} responses were sent`, Code.InvalidArgument);
    }
    for (const item of this.#unacknowledged.slice(this.#done, this.#done + fresh))
      this.#group.acknowledged(item);
    this.#acknowledged = count;
    this.#done += fresh;
    if (this.#done * 2 >= this.#unacknowledged.length) {
      this.#unacknowledged = this.#unacknowledged.slice(this.#done);
      this.#done = 0;
    }
    this.#group.hasRoomAgain();
  }

  evicted(): void {
    this.#onEvicted(
      new FalcoError("too slow: memory for alerts on their way is short", Code.ResourceExhausted),
    );
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#store.release(this);
      this.#group.leave(this, this.#unacknowledged.slice(this.#done));
      this.#unacknowledged = [];
      this.#done = 0;
    }
    return Promise.resolve();
  }
}
