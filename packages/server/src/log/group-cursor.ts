import { Code, FalcoError } from "@falco-outputs/core";
import type { Cursor, Slice } from "./alert-log.js";
import type { AlertStore, Holder } from "./alert-store.js";
import type { Loss } from "./loss.js";
import { scannedFrame } from "./slab.js";

/** A cursor's group, as the cursor sees it. */
export interface Membership {
  /** The sequence number of the group's next alert. */
  readonly position: number;
  /** Whether it has lost alerts, and has not told a member. */
  readonly hasLoss: boolean;
  /** What a cursor gets now; undefined if it must wait. */
  serve(cursor: GroupCursor): { slice: Slice | undefined } | undefined;
  wait(cursor: GroupCursor): void;
  stopWaiting(cursor: GroupCursor): void;
  /** A member may ask for more again. */
  hasRoomAgain(): void;
  acknowledged(item: number | Loss): void;
  leave(cursor: GroupCursor, unacknowledged: readonly (number | Loss)[]): void;
}

/** How a cursor reads, and who is told about it. */
export interface MemberOptions {
  /** Whether `next` waits for new alerts when there is nothing left, or ends. */
  readonly follow: boolean;
  /** How many responses may be unacknowledged before `next` waits; 0 without acknowledgement. */
  readonly window: number;
  /** Called when the log takes the cursor's last slice back. */
  readonly onEvicted: (reason: Error) => void;
  /** Called once, when the cursor has left its group. */
  readonly onLeft?: () => void;
}

/** A member of a group. */
export class GroupCursor implements Cursor, Holder {
  readonly position: number;
  readonly follow: boolean;
  readonly window: number;
  readonly #group: Membership;
  readonly #store: AlertStore;
  readonly #onEvicted: (reason: Error) => void;
  readonly #onLeft: (() => void) | undefined;
  /** What was sent and is not acknowledged, in the order in which it was sent; the first `#done` of it are. */
  #unacknowledged: (number | Loss)[] = [];
  #done = 0;
  #acknowledged = 0;
  #maxBytes = 0;
  #resolve: ((slice: Slice | undefined) => void) | undefined;
  #closed = false;

  constructor(group: Membership, store: AlertStore, { follow, window, onEvicted, onLeft }: MemberOptions) {
    this.position = group.position - 1;
    this.follow = follow;
    this.window = window;
    this.#group = group;
    this.#store = store;
    this.#onEvicted = onEvicted;
    this.#onLeft = onLeft;
  }

  get scanned(): number {
    return this.#group.position - 1;
  }

  /** What was sent and is not acknowledged, in the order in which it was sent. */
  get unacknowledged(): readonly (number | Loss)[] {
    return this.#unacknowledged.slice(this.#done);
  }

  /** How much the `next` that waits may return, in bytes. */
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
        this.#resolve = undefined;
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

  heartbeat(): boolean {
    // A client that comes back after this place would never be told of a loss before it.
    if (this.#resolve === undefined || this.#group.hasLoss) return false;
    this.#group.stopWaiting(this);
    this.settle({ bytes: scannedFrame(this.scanned), count: 0 });
    return true;
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
    this.#onEvicted(new FalcoError("too slow: memory for alerts in flight is short", Code.ResourceExhausted));
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#store.release(this);
      this.#group.leave(this, this.unacknowledged);
      this.#unacknowledged = [];
      this.#done = 0;
      this.#onLeft?.();
    }
    return Promise.resolve();
  }
}
