import { Code, FalcoError } from "@falco-outputs/core";
import type { Cursor, GroupStats, Slice } from "./alert-log.js";
import type { AlertStore } from "./alert-store.js";
import { type Filter, filterKey } from "./filter/filter.js";
import { Selection } from "./filter/selection.js";
import type { TimeWindow } from "./filter/time-window.js";
import { GroupCursor, type MemberOptions, type Membership } from "./group-cursor.js";
import { type GroupPlace, rangesOf } from "./group-place.js";
import { type Loss, type LossCause, lossSlice } from "./loss.js";
import { Picked } from "./picked.js";
import { type GroupEvents, Progress } from "./progress.js";
import { Scan } from "./scan.js";
import { type Supply, WaitingMembers } from "./waiting-members.js";

/**
 * A place in the log that its members share: each alert goes to one of them. The shared queue is such a group, and so
 * is a broadcast, with a single member.
 *
 * The member that asks first is served first, and gets its fair share: single alerts go round, a backlog is split. What a
 * member did not acknowledge goes to the others, before newer alerts.
 */
export class Group implements Membership, Supply {
  readonly #store: AlertStore;
  readonly #events: GroupEvents;
  readonly #progress: Progress;
  readonly #members = new Set<GroupCursor>();
  readonly #waiting: WaitingMembers;
  #filterKey = filterKey(undefined);
  #closed = false;
  #joined = 0;
  #delivered = 0;
  #redelivered = 0;
  #inFlight = 0;

  /**
   * @param position The sequence number of the first alert that this group gets.
   * @param cause Why alerts are lost that the log no longer retains.
   */
  constructor(store: AlertStore, position: number, cause: LossCause, events: GroupEvents) {
    this.#store = store;
    this.#events = events;
    this.#waiting = new WaitingMembers(this);
    this.#progress = new Progress(store, position, cause, events, () => this.#waiting.schedule());
  }

  /** Goes on where a group was. */
  restore(place: GroupPlace): void {
    this.#filterKey = place.filter;
    this.#progress.restore(place);
  }

  /** Where it is now. */
  get place(): GroupPlace {
    const { position, redelivery, losses } = this.#progress;
    const open = [...this.#members].flatMap((member) => member.unacknowledged);
    const sequences = [...redelivery.sequences, ...open.filter((item) => typeof item === "number")];
    return {
      filter: this.#filterKey,
      position,
      unacknowledged: rangesOf(sequences.sort((a, b) => a - b)),
      losses: [...losses, ...open.filter((item) => typeof item !== "number")],
    };
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** Whether it ever had a member. */
  get wasJoined(): boolean {
    return this.#joined > 0;
  }

  get members(): number {
    return this.#members.size;
  }

  get hasMore(): boolean {
    return this.#progress.hasMore;
  }

  get isLoading(): boolean {
    return this.#progress.reader.isLoading;
  }

  get position(): number {
    return this.#progress.position;
  }

  /** Whether it has lost alerts, and has not told a member. */
  get hasLoss(): boolean {
    return this.#progress.hasLoss;
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
    this.#progress.selection = Selection.of(filter, window);
  }

  join(options: MemberOptions): Cursor {
    const cursor = new GroupCursor(this, this.#store, options);
    // A new group may start after an alert that is gone; its cursor still says where. Nobody was there to look at it.
    this.#evict();
    this.#members.add(cursor);
    this.#joined++;
    return cursor;
  }

  /** The log grew, or shrank at its old end. */
  changed(): void {
    this.#evict();
    this.#waiting.schedule();
  }

  /** Losses from before the group began. */
  tell(loss: Loss): void {
    this.#progress.addLoss(loss);
  }

  close(): void {
    this.#closed = true;
    this.#waiting.end();
  }

  stats(): GroupStats {
    return {
      members: this.#members.size,
      joined: this.#joined,
      delivered: this.#delivered,
      redelivered: this.#redelivered,
      filtered: this.#progress.filtered,
      lost: this.#progress.lost,
      waiting: this.#progress.waiting + this.#inFlight,
    };
  }

  serve(cursor: GroupCursor): { slice: Slice | undefined } | undefined {
    if (this.#closed) return { slice: undefined };
    if (!cursor.hasRoom) return undefined;
    if (!this.hasMore) return cursor.follow ? undefined : { slice: undefined };
    // A single member need not wait for others that ask in the same turn.
    if (this.#members.size > 1) return undefined;
    const slice = this.take(cursor, 1);
    return slice && { slice };
  }

  wait(cursor: GroupCursor): void {
    this.#waiting.add(cursor);
  }

  stopWaiting(cursor: GroupCursor): void {
    this.#waiting.delete(cursor);
  }

  hasRoomAgain(): void {
    this.#waiting.schedule();
  }

  acknowledged(item: number | Loss): void {
    this.#events.onMoved();
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
      else this.#progress.addLoss(item);
    }
    this.#inFlight -= returned.length;
    this.#progress.redelivery.add(returned);
    if (this.isEmpty) this.#progress.reader.forget();
    this.#evict();
    this.#waiting.schedule();
  }

  #evict(): void {
    this.#progress.evict(!this.isEmpty);
  }

  take(cursor: GroupCursor, sharers: number): Slice | undefined {
    const { position, redelivery, selection } = this.#progress;
    const loss = this.#progress.takeLoss();
    this.#events.onMoved();
    if (loss !== undefined) {
      cursor.sent(loss);
      const slice = lossSlice(loss);
      return { ...slice, loss: this.hasLoss ? "more" : "last" };
    }
    const fair = (available: number) => Math.min(Math.ceil(available / sharers), cursor.room);
    if (redelivery.count > 0) return this.#redeliver(cursor, fair(redelivery.count));
    const count = fair(this.#store.end - position);
    return selection === undefined ? this.#takeRun(cursor, count) : this.#pick(cursor, count, selection);
  }

  #takeRun(cursor: GroupCursor, maxCount: number): Slice | undefined {
    const progress = this.#progress;
    const run = progress.reader.framesAt(progress.position);
    if (run === undefined) return undefined;
    const slice = run.slice(progress.position, maxCount, cursor.maxBytes);
    this.#store.hold(run, cursor);
    const end = progress.position + slice.count;
    if (cursor.window === 0) this.#delivered += slice.count;
    else for (let sequence = progress.position; sequence < end; sequence++) this.#handOut(cursor, sequence);
    progress.position = end;
    return slice;
  }

  #pick(cursor: GroupCursor, maxCount: number, selection: Selection): Slice | undefined {
    const progress = this.#progress;
    const picked = new Picked(this.#store, cursor.maxBytes);
    const scan = new Scan();
    // A share is one of the alerts that are there, whether they pass or not; in each there is at least one that does.
    const endOfShare = progress.position + maxCount;
    for (;;) {
      const end = picked.count === 0 ? this.#store.end : endOfShare;
      scan.found = false;
      const at = progress.reader.find(progress.position, end, selection, scan);
      progress.filtered += at - progress.position;
      progress.position = at;
      if (!scan.found || !picked.add(progress.reader.framesAt(at)!, at)) break;
      this.#handOut(cursor, at);
      progress.position++;
    }
    return picked.slice(cursor);
  }

  #redeliver(cursor: GroupCursor, maxCount: number): Slice | undefined {
    const progress = this.#progress;
    const picked = new Picked(this.#store, cursor.maxBytes);
    let looked = 0;
    for (const sequence of progress.redelivery.sequences) {
      const run = progress.reader.framesAt(sequence);
      if (run === undefined) break;
      // What members with another filter left unacknowledged may not pass this one.
      if (progress.passes(sequence)) {
        if (picked.count === maxCount || !picked.add(run, sequence)) break;
        this.#handOut(cursor, sequence);
      } else {
        progress.filtered++;
      }
      looked++;
    }
    progress.redelivery.removeOldest(looked);
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
