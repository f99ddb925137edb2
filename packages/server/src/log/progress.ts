import type { AlertStore } from "./alert-store.js";
import type { Selection } from "./filter/selection.js";
import { type GroupPlace, numbersOf } from "./group-place.js";
import { type Loss, type LossCause, PendingLoss } from "./loss.js";
import { Redelivery } from "./redelivery.js";
import { type Found, RunReader } from "./run-reader.js";

/** What becomes of a group. */
export interface GroupEvents {
  /** So many alerts are lost to it. */
  onLoss(count: number): void;
  /** Its place is another. */
  onMoved(): void;
}

/** How far a group has come in the log: where it is, what comes again, and what is lost. */
export class Progress {
  /** The sequence number of the next alert. */
  position: number;
  /** Which alerts pass; undefined if all do. */
  selection: Selection | undefined;
  filtered = 0;
  readonly redelivery = new Redelivery();
  readonly reader: RunReader;
  readonly #loss = new PendingLoss();
  readonly #store: AlertStore;
  readonly #cause: LossCause;
  readonly #events: GroupEvents;
  #lost = 0;

  /**
   * @param position The sequence number of the first alert.
   * @param cause Why alerts are lost that the log no longer retains.
   * @param onLoaded Called when alerts that had to be loaded are there.
   */
  constructor(
    store: AlertStore,
    position: number,
    cause: LossCause,
    events: GroupEvents,
    onLoaded: () => void,
  ) {
    this.position = position;
    this.#store = store;
    this.#cause = cause;
    this.#events = events;
    this.reader = new RunReader(store, (sequence, next) => {
      if (sequence < next) this.#cannotRead(sequence, next);
      onLoaded();
    });
  }

  /** How many alerts were lost. */
  get lost(): number {
    return this.#lost;
  }

  /** The losses that nobody was told. */
  get losses(): readonly Loss[] {
    return this.#loss.all;
  }

  get hasLoss(): boolean {
    return !this.#loss.isEmpty;
  }

  get hasMore(): boolean {
    return this.hasLoss || this.redelivery.count > 0 || this.position < this.#store.end;
  }

  /** How many alerts neither came nor are lost; those that come again included. */
  get waiting(): number {
    return this.#store.count(this.position, this.#store.end).alerts + this.redelivery.count;
  }

  /** Goes on where a group was. */
  restore({ unacknowledged, losses }: GroupPlace): void {
    this.redelivery.add(numbersOf(unacknowledged));
    for (const loss of losses) this.addLoss(loss);
    this.evict(false);
  }

  /** A loss that is to be told. */
  addLoss(loss: Loss): void {
    this.#loss.add(loss);
  }

  /** The loss to tell next. */
  takeLoss(): Loss | undefined {
    return this.#loss.take();
  }

  /**
   * Moves on from what the log no longer retains.
   * @param isShared Whether there are members, so that it is known what would have passed.
   */
  evict(isShared: boolean): void {
    const { first } = this.#store;
    this.#loseReturned(this.redelivery.remove(0, first), this.#cause);
    if (this.position < first) this.#skipTo(first, this.#cause, isShared);
  }

  /** Whether an alert that is at hand passes. */
  passes(sequence: number): boolean {
    return (
      this.selection === undefined || this.reader.findAll(sequence, sequence + 1, this.selection).count > 0
    );
  }

  #cannotRead(from: number, to: number): void {
    this.#loseReturned(this.redelivery.remove(from, to), "disk");
    if (this.position === from) this.#skipTo(to, "disk", false);
  }

  #loseReturned(sequences: readonly number[], cause: LossCause): void {
    const [first] = sequences;
    if (first !== undefined) this.#lose(cause, sequences.length, first, sequences.at(-1)!);
  }

  /** Lost is what would have passed, as far as that is known. */
  #skipTo(next: number, cause: LossCause, isShared: boolean): void {
    const from = this.position;
    this.position = next;
    const looked = Math.min(next, Math.max(from, this.#store.firstReadable));
    const { alerts, jumped } = this.#store.count(from, looked);
    if (jumped) this.#loss.add({ cause: "restart", range: undefined });
    const known = this.#passing(looked, next, isShared);
    this.filtered += next - looked - known.count;
    const lost = alerts + known.count;
    if (lost > 0) this.#lose(cause, lost, alerts > 0 ? from : known.first!, known.last ?? looked - 1);
    this.#events.onMoved();
  }

  #passing(from: number, to: number, isShared: boolean): Found {
    if (this.selection === undefined || !isShared) return { count: to - from, first: from, last: to - 1 };
    return this.reader.findAll(from, to, this.selection);
  }

  #lose(cause: LossCause, lost: number, first: number, last: number): void {
    this.#lost += lost;
    this.#loss.add({ cause, range: { lost, first, last } });
    this.#events.onMoved();
    this.#events.onLoss(lost);
  }
}
