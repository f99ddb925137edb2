import assert from "node:assert/strict";
import type { GroupStats } from "../alert-log.js";
import type { ToldLoss } from "./alerts.js";
import { lossIn, noLoss, type Range, UntoldLoss } from "./untold-loss.js";

/** What a stream was given: an alert, by its sequence number, or a loss. */
export type Given = number | ToldLoss;
/** Whether the alert with a sequence number passes the group's filter. */
export type Passes = (sequence: number) => boolean;

/**
 * What a group, the shared queue or a broadcast cursor must do. It does not say who of the members gets what, but
 * refuses every alert and every loss that must not come now.
 *
 * An engine may look at alerts ahead, or not: of what does not pass the filter it is not known, until something else
 * is given, whether it was filtered out already. So some numbers are a range. While there are members, nothing is lost
 * that does not pass; without, all that was not looked at before is.
 */
export class GroupModel {
  #members = 0;
  /** Losses that members were told. */
  told = 0;
  delivered = 0;
  redelivered = 0;
  filtered = 0;
  inFlight = 0;
  /** Whether the log goes on after a restart: its numbers begin with it, and only some are known exactly. */
  #wasRestarted = false;
  readonly #looksFirst: boolean;
  readonly #cause: string;
  #passes: Passes;
  /** The first that was neither given nor filtered out nor lost. */
  #next: number;
  #end: number;
  /** What an earlier filter may have dropped, if the engine looked ahead. */
  readonly #perhapsFiltered = new Set<number>();
  readonly #returned = new Set<number>();
  /** What comes before it may have been looked at while there were members. */
  #lookedTo: number;
  #untold: UntoldLoss = noLoss;
  #restart: boolean;

  /**
   * @param start The sequence number of the group's first alert.
   * @param end The one behind the last that there is.
   * @param restart Whether a loss of another log's alerts is to be told.
   * @param looksFirst Whether the engine looks at what it evicts, to know what would have passed.
   */
  constructor(
    readonly start: number,
    end: number,
    cause: "overflow" | "slow",
    restart: boolean,
    passes: Passes,
    looksFirst: boolean,
  ) {
    this.#looksFirst = looksFirst;
    this.#next = start;
    this.#end = end;
    this.#lookedTo = start;
    this.#cause = cause;
    this.#restart = restart;
    this.#passes = passes;
  }

  get members(): number {
    return this.#members;
  }

  join(): void {
    this.#members++;
  }

  leave(): void {
    this.#members--;
    this.#lookedTo = Math.max(this.#lookedTo, this.nextPassing);
  }

  get total(): number {
    return this.#end - this.start;
  }

  /** The first alert that must come, of those that did not yet; the end if there is none. */
  get nextPassing(): number {
    let sequence = this.#next;
    while (sequence < this.#end && !this.#mustCome(sequence)) sequence++;
    return sequence;
  }

  /** Whether a stream may say that the log was looked at up to this sequence number; a new one, that it starts there. */
  mayHaveLookedTo(position: number): boolean {
    return this.#next - 1 <= position && position < this.nextPassing;
  }

  /** Whether there is something that a member has to get, if it asks. */
  get hasMore(): boolean {
    return (
      this.#restart ||
      this.#untold.least > 0 ||
      this.#nextReturned !== undefined ||
      this.nextPassing < this.#end
    );
  }

  appended(end: number): void {
    this.#end = end;
  }

  /** The log holds nothing below `first` any more. */
  evicted(first: number): void {
    for (const sequence of this.#returned) {
      if (sequence >= first) continue;
      this.#returned.delete(sequence);
      const at = { first: sequence, last: sequence };
      this.#untold = this.#untold.plus(lossIn(at, this.#mustCome(sequence)));
    }
    for (; this.#next < first; this.#next++) {
      const at = { first: this.#next, last: this.#next };
      const isKnown = this.#looksFirst && this.members > 0 && !this.#perhapsFiltered.has(this.#next);
      if (isKnown && !this.#passes(this.#next)) {
        this.filtered++;
      } else {
        const isCertain = this.#mustCome(this.#next) || (this.members === 0 && this.#next >= this.#lookedTo);
        this.#untold = this.#untold.plus(lossIn(at, isCertain));
      }
    }
  }

  setPasses(passes: Passes): void {
    const { nextPassing } = this;
    for (let at = this.#next; at < nextPassing; at++) this.#perhapsFiltered.add(at);
    for (const at of this.#returned) if (!this.#passes(at)) this.#perhapsFiltered.add(at);
    this.#passes = passes;
  }

  /** A member is given an alert. */
  give(sequence: number, acknowledge: boolean): void {
    assert(!this.#restart && this.#untold.least === 0, `${sequence} came before a loss was told`);
    // Nothing was lost, or it would have been told now.
    this.filtered += this.#untold.most;
    this.#untold = noLoss;
    if (sequence < this.#next) this.#giveAgain(sequence);
    else this.#giveNew(sequence);
    if (acknowledge) this.inFlight++;
    else this.delivered++;
  }

  /** A member is told a loss. */
  tell(loss: ToldLoss): void {
    if (loss.cause === "restart") {
      assert(this.#restart, "a restart that was not, or was told already");
      assert.equal(loss.lost, undefined);
      this.#restart = false;
      return;
    }
    assert.equal(loss.cause, this.#cause);
    assert(!this.#restart, "a loss of this log came before the restart was told");
    const { lost = 0, first = 0, last = 0 } = loss;
    this.#untold.check({ lost, first, last });
    this.told += lost;
    this.filtered += this.#untold.most - lost;
    this.#untold = noLoss;
  }

  acknowledged(item: Given): void {
    if (typeof item !== "number") return;
    this.inFlight--;
    this.delivered++;
  }

  /** What a member did not acknowledge comes again. */
  giveBack(items: readonly Given[], firstRetained: number): void {
    for (const item of items) {
      if (typeof item === "number") {
        this.inFlight--;
        this.#returned.add(item);
      } else if (item.cause === "restart") {
        this.#restart = true;
      } else {
        this.told -= item.lost!;
        this.#untold = this.#untold.plus(
          new UntoldLoss(item.lost!, item.lost!, item as Range, item as Range),
        );
      }
    }
    this.evicted(firstRetained);
  }

  /** The log was restarted, and the group goes on where it was. */
  restarted(): void {
    this.#wasRestarted = true;
    this.delivered = 0;
    this.redelivered = 0;
  }

  /** What the group's numbers must be. */
  expected(): ExpectedStats {
    const { least, most } = this.#untold;
    const { members, delivered, redelivered, total } = this;
    if (this.#wasRestarted) {
      return { members, delivered, redelivered, total: undefined, lost: anyNumber, filtered: anyNumber };
    }
    const ahead = this.nextPassing - this.#next + this.#perhapsReturned;
    return {
      members,
      delivered,
      redelivered,
      total,
      lost: [this.told + least, this.told + most],
      filtered: [this.filtered, this.filtered + most - least + ahead],
    };
  }

  #mustCome(sequence: number): boolean {
    return this.#passes(sequence) && !this.#perhapsFiltered.has(sequence);
  }

  /** The first of those that were returned, and must come again. */
  get #nextReturned(): number | undefined {
    const returned = [...this.#returned].filter((sequence) => this.#mustCome(sequence));
    return returned.length === 0 ? undefined : Math.min(...returned);
  }

  /** How many of them may be filtered out now, if the engine looks at them. */
  get #perhapsReturned(): number {
    return [...this.#returned].filter((sequence) => !this.#mustCome(sequence)).length;
  }

  #giveAgain(sequence: number): void {
    assert(this.#returned.has(sequence), `${sequence} came twice`);
    assert(this.#passes(sequence), `${sequence} does not pass the filter`);
    assert(sequence <= (this.#nextReturned ?? sequence), "a redelivery out of order");
    this.#filterReturned(sequence);
    this.#returned.delete(sequence);
    this.redelivered++;
  }

  /** Those before `end` do not come any more. */
  #filterReturned(end: number): void {
    for (const sequence of this.#returned) {
      if (sequence < end && this.#returned.delete(sequence)) this.filtered++;
    }
  }

  #giveNew(sequence: number): void {
    assert.equal(this.#nextReturned, undefined, `${sequence} came before what was returned`);
    this.#filterReturned(sequence);
    assert(sequence < this.#end, `${sequence} was never appended`);
    assert(this.#passes(sequence), `${sequence} does not pass the filter`);
    assert(sequence <= this.nextPassing, `${this.nextPassing} was left out, ${sequence} came`);
    this.filtered += sequence - this.#next;
    this.#next = sequence + 1;
  }
}

const anyNumber = [0, Number.POSITIVE_INFINITY] as const;

export interface ExpectedStats extends Pick<GroupStats, "members" | "delivered" | "redelivered"> {
  /** All that was appended since the start; undefined if that is not known. */
  readonly total: number | undefined;
  /** From, to. */
  readonly lost: readonly [number, number];
  readonly filtered: readonly [number, number];
}

/** The numbers of several groups together. */
export function sumOf(groups: Iterable<GroupModel>): ExpectedStats {
  let sum: ExpectedStats = {
    members: 0,
    delivered: 0,
    redelivered: 0,
    total: 0,
    lost: [0, 0],
    filtered: [0, 0],
  };
  for (const group of groups) {
    const one = group.expected();
    sum = {
      members: sum.members + one.members,
      delivered: sum.delivered + one.delivered,
      redelivered: sum.redelivered + one.redelivered,
      total: sum.total! + one.total!,
      lost: [sum.lost[0] + one.lost[0], sum.lost[1] + one.lost[1]],
      filtered: [sum.filtered[0] + one.filtered[0], sum.filtered[1] + one.filtered[1]],
    };
  }
  return sum;
}

/** Whether an engine's numbers are those of the model, and add up. */
export function checkStats(actual: GroupStats, expected: ExpectedStats): void {
  const { members, delivered, redelivered, filtered, lost, waiting } = actual;
  const sum = delivered + filtered + lost + waiting;
  const { total = sum } = expected;
  assert.deepEqual(
    { members, delivered, redelivered, total: sum },
    { members: expected.members, delivered: expected.delivered, redelivered: expected.redelivered, total },
  );
  const within = (value: number, [from, to]: readonly [number, number], name: string) =>
    assert(from <= value && value <= to, `${name}: ${value}, expected ${from} to ${to}`);
  within(lost, expected.lost, "lost");
  within(filtered, expected.filtered, "filtered");
}
