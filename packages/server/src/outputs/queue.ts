import { joinPieces, pieceAt } from "../alert-batch.js";
import type { FormattedAlerts } from "./sink.js";

/** Alerts that wait, in order, bounded by count and bytes. Their memory is shared with the queues of other outputs. */
export class Queue {
  readonly #maxAlerts: number;
  readonly #maxBytes: number;
  #batches: { alerts: FormattedAlerts; from: number; to: number }[] = [];
  #count = 0;
  #bytes = 0;

  constructor(maxAlerts: number, maxBytes: number) {
    this.#maxAlerts = maxAlerts;
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#count;
  }

  /** Takes as many alerts as there is room for, the first ones; returns how many. */
  add(alerts: FormattedAlerts): number {
    const { ends } = alerts;
    let to = Math.min(ends.length, this.#maxAlerts - this.#count);
    while (to > 0 && this.#bytes + ends[to - 1]! > this.#maxBytes) to--;
    if (to === 0) return 0;
    this.#batches.push({ alerts, from: 0, to });
    this.#count += to;
    this.#bytes += ends[to - 1]!;
    return to;
  }

  /** Takes the first alerts out, at least one: at most `maxAlerts`, and not more than `maxBytes` if it is several. */
  take(maxAlerts: number, maxBytes: number): FormattedAlerts {
    const pieces: Uint8Array[] = [];
    const priorities: number[] = [];
    const timesUs: number[] = [];
    let bytes = 0;
    while (this.#batches.length > 0 && pieces.length < maxAlerts) {
      const batch = this.#batches[0]!;
      const piece = pieceAt(batch.alerts, batch.from);
      if (pieces.length > 0 && bytes + piece.length > maxBytes) break;
      pieces.push(piece);
      priorities.push(batch.alerts.priorities[batch.from]!);
      if (batch.alerts.timesUs !== undefined) timesUs.push(batch.alerts.timesUs[batch.from]!);
      bytes += piece.length;
      if (++batch.from === batch.to) this.#batches.shift();
    }
    this.#count -= pieces.length;
    this.#bytes -= bytes;
    return { ...joinPieces(pieces), priorities, ...(timesUs.length > 0 && { timesUs }) };
  }

  clear(): void {
    this.#batches = [];
    this.#count = 0;
    this.#bytes = 0;
  }
}
