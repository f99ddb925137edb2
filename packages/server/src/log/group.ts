import { Code, FalcoError } from "@falco-outputs/core";
import type { Cursor, GroupStats, Slice } from "./alert-log.js";
import type { AlertStore } from "./alert-store.js";
import { type Filter, filterKey } from "./filter/filter.js";
import { Selection } from "./filter/selection.js";
import type { TimeWindow } from "./filter/time-window.js";
import { GroupCursor, type MemberOptions, type Membership } from "./group-cursor.js";
import { type GroupPlace, numbersOf, rangesOf } from "./group-place.js";
import { type Loss, type LossCause, lossSlice, PendingLoss } from "./loss.js";
import { Picked } from "./picked.js";
import { Redelivery } from "./redelivery.js";
import { type Found, RunReader } from "./run-reader.js";
import { Scan } from "./scan.js";

/** What becomes of a group. */
export interface GroupEvents {
  /** So many alerts are lost to it. */
  onLoss(count: number): void;
  /** Its place is another. */
  onMoved(): void;
}

/**
 * A place in the log that its members share: each alert goes to one of them. The shared queue is such a group, and so
 * is a broadcast, with a single member.
 *
 * The member that asks first is served first, and gets its fair share: single alerts go round, a backlog is split. What a
 * member did not acknowledge goes to the others, before newer alerts.
 */
export class Group implements Membership {
  readonly #store: AlertStore;
  readonly #cause: LossCause;
  readonly #events: GroupEvents;
  readonly #reader: RunReader;
  readonly #members = new Set<GroupCursor>();
  /** In the order in which they asked. */
  readonly #waiting = new Set<GroupCursor>();
  readonly #loss = new PendingLoss();
  readonly #redelivery = new Redelivery();
  #filterKey = filterKey(undefined);
  /** Undefined if every alert passes. */
  #selection: Selection | undefined;
  #position: number;
  #scheduled = false;
  #closed = false;
  #joined = 0;
  #delivered = 0;
  #redelivered = 0;
  #filtered = 0;
  #lost = 0;
  #inFlight = 0;

  /**
   * @param position The sequence number of the first alert that this group gets.
   * @param cause Why alerts are lost that the log no longer retains.
   */
  constructor(store: AlertStore, position: number, cause: LossCause, events: GroupEvents) {
    this.#store = store;
    this.#position = position;
    this.#cause = cause;
    this.#events = events;
    this.#reader = new RunReader(store, (sequence, next) => this.#loaded(sequence, next));
  }

  /** Goes on where a group was. */
  restore({ filter, unacknowledged, losses }: GroupPlace): void {
    this.#filterKey = filter;
    this.#redelivery.add(numbersOf(unacknowledged));
    for (const loss of losses) this.#loss.add(loss);
    this.evict();
  }

  /** Where it is now. */
  get place(): GroupPlace {
    const open = [...this.#members].flatMap((member) => member.unacknowledged);
    const sequences = [...this.#redelivery.sequences, ...open.filter((item) => typeof item === "number")];
    return {
      filter: this.#filterKey,
      position: this.#position,
      unacknowledged: rangesOf(sequences.sort((a, b) => a - b)),
      losses: [...this.#loss.all, ...open.filter((item) => typeof item !== "number")],
    };
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

  /** Whether it has lost alerts, and has not told a member. */
  get hasLoss(): boolean {
    return !this.#loss.isEmpty;
  }

  /**
   * Sets which alerts pass.
   * @throws FalcoError with FailedPrecondition if the members that are there have another filter.
   */
  select(filter: Filter | undefined, window: TimeWindow | undefined): void {
    const key = filterKey(filter);
    if (!this.isEmpty) {
      if (key === this.#filterKey) return;
      throw new FalcoError(
        "the group's members have another filter: use the same, or another group",
        Code.FailedPrecondition,
      );
    }
    this.#filterKey = key;
    this.#selection = Selection.of(filter, window);
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
      waiting:
        this.#store.count(this.#position, this.#store.end).alerts + this.#redelivery.count + this.#inFlight,
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
    this.#events.onMoved();
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
    if (this.isEmpty) this.#reader.forget();
    this.evict();
    if (this.#waiting.size > 0) this.#schedule();
  }

  /** Moves on from what the log no longer retains. */
  evict(): void {
    const { first } = this.#store;
    this.#loseReturned(this.#redelivery.remove(0, first), this.#cause);
    if (this.#position < first) this.#skipTo(first, this.#cause);
  }

  #loaded(sequence: number, next: number): void {
    if (sequence < next) {
      this.#loseReturned(this.#redelivery.remove(sequence, next), "disk");
      if (this.#position === sequence) this.#skipTo(next, "disk");
    }
    if (this.#waiting.size > 0) this.#schedule();
  }

  #loseReturned(sequences: readonly number[], cause: LossCause): void {
    const [first] = sequences;
    if (first !== undefined) this.#lose(cause, sequences.length, first, sequences.at(-1)!);
  }

  /** Moves on to `next`. Lost is what would have passed, as far as that is known. */
  #skipTo(next: number, cause: LossCause): void {
    const from = this.#position;
    this.#position = next;
    const looked = Math.min(next, Math.max(from, this.#store.firstReadable));
    const { alerts, jumped } = this.#store.count(from, looked);
    if (jumped) this.#loss.add({ cause: "restart", range: undefined });
    const known = this.#passing(looked, next);
    this.#filtered += next - looked - known.count;
    const lost = alerts + known.count;
    if (lost > 0) this.#lose(cause, lost, alerts > 0 ? from : known.first!, known.last ?? looked - 1);
    this.#events.onMoved();
  }

  /** The alerts that pass, of those in memory from `from` to before `to`; all, if nobody has to be told how many. */
  #passing(from: number, to: number): Found {
    if (this.#selection === undefined || this.isEmpty) return { count: to - from, first: from, last: to - 1 };
    return this.#reader.findAll(from, to, this.#selection);
  }

  #lose(cause: LossCause, lost: number, first: number, last: number): void {
    this.#lost += lost;
    this.#loss.add({ cause, range: { lost, first, last } });
    this.#events.onMoved();
    this.#events.onLoss(lost);
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
        if (!this.#reader.isLoading) this.#schedule(true);
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
    this.#events.onMoved();
    if (loss !== undefined) {
      cursor.sent(loss);
      return lossSlice(loss);
    }
    const fair = (available: number) => Math.min(Math.ceil(available / sharers), cursor.room);
    if (this.#redelivery.count > 0) return this.#redeliver(cursor, fair(this.#redelivery.count));
    const count = fair(this.#store.end - this.#position);
    return this.#selection === undefined
      ? this.#takeRun(cursor, count)
      : this.#pick(cursor, count, this.#selection);
  }

  #takeRun(cursor: GroupCursor, maxCount: number): Slice | undefined {
    const run = this.#reader.framesAt(this.#position);
    if (run === undefined) return undefined;
    const slice = run.slice(this.#position, maxCount, cursor.maxBytes);
    this.#store.hold(run, cursor);
    if (cursor.window === 0) this.#delivered += slice.count;
    else for (let index = 0; index < slice.count; index++) this.#handOut(cursor, this.#position + index);
    this.#position += slice.count;
    return slice;
  }

  #pick(cursor: GroupCursor, maxCount: number, selection: Selection): Slice | undefined {
    const picked = new Picked(this.#store, cursor.maxBytes);
    const scan = new Scan();
    // A share is one of the alerts that are there, whether they pass or not; in each there is at least one that does.
    const endOfShare = this.#position + maxCount;
    for (;;) {
      const end = picked.count === 0 ? this.#store.end : endOfShare;
      scan.found = false;
      const at = this.#reader.find(this.#position, end, selection, scan);
      this.#filtered += at - this.#position;
      this.#position = at;
      if (!scan.found || !picked.add(this.#reader.framesAt(at)!, at)) break;
      this.#handOut(cursor, at);
      this.#position++;
    }
    return picked.slice(cursor);
  }

  #redeliver(cursor: GroupCursor, maxCount: number): Slice | undefined {
    const picked = new Picked(this.#store, cursor.maxBytes);
    let looked = 0;
    for (const sequence of this.#redelivery.sequences) {
      const run = this.#reader.framesAt(sequence);
      if (run === undefined) break;
      if (this.#passes(sequence)) {
        if (picked.count === maxCount || !picked.add(run, sequence)) break;
        this.#handOut(cursor, sequence);
      } else {
        this.#filtered++;
      }
      looked++;
    }
    this.#redelivery.removeOldest(looked);
    this.#redelivered += picked.count;
    return picked.slice(cursor);
  }

  /** What members with another filter left unacknowledged may not pass this one. */
  #passes(sequence: number): boolean {
    return (
      this.#selection === undefined || this.#reader.findAll(sequence, sequence + 1, this.#selection).count > 0
    );
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
