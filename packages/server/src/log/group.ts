import { Code, FalcoError } from "@falco-outputs/core";
import type { Cursor, GroupStats, Slice } from "./alert-log.js";
import { createMatcher, type Filter, filterKey, type Matcher } from "./filter.js";
import type { FrameStore } from "./frame-store.js";
import { GroupCursor, type MemberOptions, type Membership } from "./group-cursor.js";
import { type Loss, type LossCause, lossSlice, PendingLoss } from "./loss.js";
import { Picked } from "./picked.js";
import { Redelivery } from "./redelivery.js";
import { messageOf } from "./slab.js";
import { type TimeWindow, windowMatcher } from "./times.js";

/** How many alerts a filter looks at before others get their turn. */
const maxScan = 2048;

/**
 * A place in the log that its members share: each alert goes to one of them. The shared queue is such a group, and so
 * is a broadcast, with a single member.
 *
 * The member that asks first is served first, and gets its fair share: single alerts go round, a backlog is split. What a member did not acknowledge goes to the others, before newer alerts.
 */
export class Group implements Membership {
  readonly #store: FrameStore;
  readonly #cause: LossCause;
  readonly #onLoss: (count: number) => void;
  readonly #members = new Set<GroupCursor>();
  /** In the order in which they asked. */
  readonly #waiting = new Set<GroupCursor>();
  readonly #loss = new PendingLoss();
  readonly #redelivery = new Redelivery();
  #filter: Filter | undefined;
  #matches: Matcher | undefined;
  #position: number;
  #scheduled = false;
  #closed = false;
  #joined = 0;
  #delivered = 0;
  #redelivered = 0;
  #filtered = 0;
  #lost = 0;
  #inFlight = 0;

  /** @param position The sequence number of the first alert that this group gets. */
  constructor(store: FrameStore, position: number, cause: LossCause, onLoss: (count: number) => void) {
    this.#store = store;
    this.#position = position;
    this.#cause = cause;
    this.#onLoss = onLoss;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** Whether it ever had a member. */
  get wasJoined(): boolean {
    return this.#joined > 0;
  }

  get position(): number {
    return this.#position;
  }

  /** @throws FalcoError with FailedPrecondition if the members that are there have another filter. */
  setFilter(filter: Filter | undefined): void {
    if (filterKey(filter) === filterKey(this.#filter)) return;
    if (!this.isEmpty) {
      throw new FalcoError(
        "the group's members have another filter: use the same, or another group",
        Code.FailedPrecondition,
      );
    }
    this.#filter = filter;
    const matches = filter && createMatcher(filter);
    this.#matches = matches;
    if (matches === undefined) return;
    // What members with another filter left unacknowledged may not pass this one.
    this.#filtered += this.#redelivery.filter((sequence) => matches(messageOf(this.#store.frame(sequence))));
  }

  /** Alerts outside the window do not pass either. For a group without members. */
  setWindow(window: TimeWindow | undefined): void {
    if (window === undefined) return;
    const matches = this.#matches;
    const inWindow = windowMatcher(window);
    this.#matches = (alert) => inWindow(alert) && (matches === undefined || matches(alert));
  }

  join(options: MemberOptions): Cursor {
    const cursor = new GroupCursor(this, this.#store, options);
    this.#members.add(cursor);
    this.#joined++;
    // A new group may start after an alert that is gone; its cursor still says where.
    this.evict();
    return cursor;
  }

  /** The log grew, or shrank at its old end. */
  changed(): void {
    this.evict();
    if (this.#waiting.size > 0) this.#schedule();
  }

  /** Losses from before the group began. */
  tell(loss: Loss): void {
    this.#loss.add(loss);
  }

  close(): void {
    this.#closed = true;
    for (const cursor of this.#waiting) cursor.settle(undefined);
    this.#waiting.clear();
  }

  stats(): GroupStats {
    return {
      members: this.#members.size,
      joined: this.#joined,
      delivered: this.#delivered,
      redelivered: this.#redelivered,
      filtered: this.#filtered,
      lost: this.#lost,
      waiting: this.#store.end - this.#position + this.#redelivery.count + this.#inFlight,
    };
  }

  serve(cursor: GroupCursor): { slice: Slice | undefined } | undefined {
    if (this.#closed) return { slice: undefined };
    if (!cursor.hasRoom) return undefined;
    if (!this.#hasMore()) return cursor.follow ? undefined : { slice: undefined };
    // A single member need not wait for others that ask in the same turn.
    if (this.#members.size > 1) return undefined;
    const slice = this.#take(cursor, 1);
    return slice && { slice };
  }

  wait(cursor: GroupCursor): void {
    this.#waiting.add(cursor);
    if (this.#hasMore() || !cursor.follow) this.#schedule();
  }

  stopWaiting(cursor: GroupCursor): void {
    this.#waiting.delete(cursor);
  }

  hasRoomAgain(): void {
    if (this.#waiting.size > 0) this.#schedule();
  }

  acknowledged(item: number | Loss): void {
    if (typeof item !== "number") return;
    this.#inFlight--;
    this.#delivered++;
  }

  leave(cursor: GroupCursor, unacknowledged: readonly (number | Loss)[]): void {
    this.#members.delete(cursor);
    this.#waiting.delete(cursor);
    const returned: number[] = [];
    for (const item of unacknowledged) {
      if (typeof item === "number") returned.push(item);
      else this.#loss.add(item);
    }
    this.#inFlight -= returned.length;
    this.#redelivery.add(returned);
    this.evict();
    if (this.#waiting.size > 0) this.#schedule();
  }

  /** Moves on from what the log no longer retains. */
  evict(): void {
    const { first } = this.#store;
    const evicted = this.#redelivery.evict(first);
    if (evicted.length > 0) this.#lose(evicted.length, evicted[0]!, evicted.at(-1)!);
    if (this.#position < first) {
      this.#lose(first - this.#position, this.#position, first - 1);
      this.#position = first;
    }
  }

  #lose(lost: number, first: number, last: number): void {
    this.#lost += lost;
    this.#loss.add({ cause: this.#cause, range: { lost, first, last } });
    this.#onLoss(lost);
  }

  #hasMore(): boolean {
    return !this.#loss.isEmpty || this.#redelivery.count > 0 || this.#position < this.#store.end;
  }

  /** Waits for the current turn to end: alerts and members that come in one turn are shared out together. */
  #schedule(later = false): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const run = () => {
      this.#scheduled = false;
      this.#distribute();
    };
    if (later) setImmediate(run);
    else queueMicrotask(run);
  }

  #distribute(): void {
    // Members that do not ask at the moment are busy writing; their share waits for them.
    let sharers = this.#members.size;
    for (const cursor of this.#waiting) {
      if (!cursor.hasRoom) continue;
      const slice = this.#hasMore() ? this.#take(cursor, sharers) : undefined;
      if (slice === undefined && this.#hasMore()) {
        // A filter that has found nothing so far continues once others have had their turn.
        this.#schedule(true);
        return;
      }
      if (slice === undefined && cursor.follow) continue;
      this.#waiting.delete(cursor);
      cursor.settle(slice);
      if (sharers > 1) sharers--;
    }
  }

  #take(cursor: GroupCursor, sharers: number): Slice | undefined {
    const loss = this.#loss.take();
    if (loss !== undefined) {
      cursor.sent(loss);
      return lossSlice(loss);
    }
    const fair = (available: number) => Math.min(Math.ceil(available / sharers), cursor.room);
    if (this.#redelivery.count > 0) return this.#redeliver(cursor, fair(this.#redelivery.count));
    const count = fair(this.#store.end - this.#position);
    return this.#matches === undefined
      ? this.#takeRun(cursor, count)
      : this.#pick(cursor, count, this.#matches);
  }

  #takeRun(cursor: GroupCursor, maxCount: number): Slice {
    const slice = this.#store.slice(this.#position, maxCount, cursor.maxBytes, cursor);
    if (cursor.window === 0) this.#delivered += slice.count;
    else for (let index = 0; index < slice.count; index++) this.#handOut(cursor, this.#position + index);
    this.#position += slice.count;
    return slice;
  }

  #pick(cursor: GroupCursor, maxCount: number, matches: Matcher): Slice | undefined {
    const picked = new Picked(this.#store, cursor.maxBytes);
    const end = Math.min(this.#store.end, this.#position + maxScan);
    // A share is one of the alerts that are there, whether they pass or not; in each there is at least one that does.
    const endOfShare = this.#position + maxCount;
    while (this.#position < end && (picked.count === 0 || this.#position < endOfShare)) {
      const frame = this.#store.frame(this.#position);
      if (matches(messageOf(frame))) {
        if (!picked.add(this.#position, frame)) break;
        this.#handOut(cursor, this.#position);
      } else {
        this.#filtered++;
      }
      this.#position++;
    }
    return picked.slice(cursor);
  }

  #redeliver(cursor: GroupCursor, maxCount: number): Slice | undefined {
    const picked = new Picked(this.#store, cursor.maxBytes);
    for (const sequence of this.#redelivery.sequences) {
      if (picked.count === maxCount || !picked.add(sequence, this.#store.frame(sequence))) break;
      this.#handOut(cursor, sequence);
    }
    this.#redelivery.remove(picked.count);
    this.#redelivered += picked.count;
    return picked.slice(cursor);
  }

  #handOut(cursor: GroupCursor, sequence: number): void {
    if (cursor.window === 0) {
      this.#delivered++;
      return;
    }
    this.#inFlight++;
    cursor.sent(sequence);
  }
}
