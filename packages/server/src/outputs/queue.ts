import { joinPieces } from "../alert-batch.js";
import { type FormattedAlerts, sliceAlerts } from "./sink.js";

/** Alerts that came together, of which those from `from` to `to` are still waiting. */
interface Batch {
  readonly alerts: FormattedAlerts;
  from: number;
  readonly to: number;
}

/** Waiting alerts, in order, bounded by count and bytes. They share their memory with the queues of other outputs. */
export class Queue {
  readonly #maxAlerts: number;
  readonly #maxBytes: number;
  #batches: (Batch | undefined)[] = [];
  /** Where the first one is. */
  #first = 0;
  #count = 0;
  #bytes = 0;

  constructor(maxAlerts: number, maxBytes: number) {
    this.#maxAlerts = maxAlerts;
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds as many of the first alerts as there is room for; returns how many. */
  add(alerts: FormattedAlerts): number {
    const { ends } = alerts;
    let to = Math.min(ends.length, this.#maxAlerts - this.#count);
    while (to > 0 && this.#bytes + ends[to - 1]! > this.#maxBytes) to--;
    if (to === 0) return 0;
    // Copied, so that those that did not fit are not kept in memory as well.
    const taken = to === ends.length ? alerts : copyOf(sliceAlerts(alerts, 0, to));
    this.#batches.push({ alerts: taken, from: 0, to });
    this.#count += to;
    this.#bytes += ends[to - 1]!;
    return to;
  }

  /**
   * Removes and returns the first alerts, at least one: at most `maxAlerts`, and at most `maxBytes` unless it is a single
   * one. Alerts that came together are not copied.
   */
  take(maxAlerts: number, maxBytes: number): FormattedAlerts {
    const runs: FormattedAlerts[] = [];
    let count = 0;
    let bytes = 0;
    while (this.#first < this.#batches.length && count < maxAlerts) {
      const run = this.#run(maxAlerts - count, maxBytes - bytes, count === 0);
      if (run === undefined) break;
      runs.push(run);
      count += run.ends.length;
      bytes += run.bytes.length;
    }
    this.#count -= count;
    this.#bytes -= bytes;
    return runs.length === 1 ? runs[0]! : joinRuns(runs);
  }

  /** Removes as many alerts of the first batch as fit; undefined if none does, unless `atLeastOne`. */
  #run(maxAlerts: number, maxBytes: number, atLeastOne: boolean): FormattedAlerts | undefined {
    const batch = this.#batches[this.#first]!;
    const { ends } = batch.alerts;
    const { from } = batch;
    const start = from === 0 ? 0 : ends[from - 1]!;
    let to = atLeastOne ? from + 1 : from;
    const last = Math.min(batch.to, from + maxAlerts);
    while (to < last && ends[to]! - start <= maxBytes) to++;
    if (to === from) return undefined;
    batch.from = to;
    if (to === batch.to) this.#forgetFirst();
    return sliceAlerts(batch.alerts, from, to);
  }

  /** Moves the others forward only now and then: the cost of an array's `shift` grows with its length. */
  #forgetFirst(): void {
    this.#batches[this.#first++] = undefined;
    if (this.#first < 1024 && this.#first < this.#batches.length) return;
    this.#batches = this.#batches.slice(this.#first);
    this.#first = 0;
  }

  clear(): void {
    this.#batches = [];
    this.#first = 0;
    this.#count = 0;
    this.#bytes = 0;
  }
}

function joinRuns(runs: readonly FormattedAlerts[]): FormattedAlerts {
  const { bytes, ends: starts } = joinPieces(runs.map((run) => run.bytes));
  const ends = runs.flatMap((run, index) => {
    const start = starts[index]! - run.bytes.length;
    return run.ends.map((end) => start + end);
  });
  return {
    bytes,
    ends,
    priorities: runs.flatMap((run) => run.priorities),
    ...(runs[0]?.timesUs && { timesUs: runs.flatMap((run) => run.timesUs ?? []) }),
  };
}

function copyOf(alerts: FormattedAlerts): FormattedAlerts {
  return { ...alerts, bytes: alerts.bytes.slice() };
}
