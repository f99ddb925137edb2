import { around, type TimeSpan } from "../filter/time-window.js";
import { type Chunk, indexAfter, spanOf } from "./chunks.js";
import type { Segment } from "./segment.js";

export interface Retention {
  /** How many bytes the files take at most. */
  readonly bytes: number;
  /** How many alerts are kept at most; undefined: any number. */
  readonly count: number | undefined;
  /** How old alerts become at most, in milliseconds; undefined: any age. */
  readonly ageMs: number | undefined;
}

/** Where an alert is. */
export interface Place {
  readonly segment: Segment;
  readonly chunk: Chunk;
}

/** Sequence numbers from `from` up to `to`, without `to`, that were left out on purpose. */
export interface Jump {
  readonly from: number;
  readonly to: number;
}

/** The segments of a log, ascending. */
export class Segments {
  readonly #segments: Segment[] = [];
  /** Also those whose segments are gone: a reader may still be before them. */
  readonly #jumps: Jump[] = [];

  get all(): readonly Segment[] {
    return this.#segments;
  }

  /** The sequence number of the oldest alert; undefined if there is none. */
  get first(): number | undefined {
    return this.find(0)?.chunk.first;
  }

  /** The size of all files. */
  get bytes(): number {
    return this.#segments.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  }

  /** The times of the alerts, or a range around them; undefined if there are none. */
  get times(): TimeSpan | undefined {
    const spans = this.#segments.flatMap(({ chunks }) => chunks.map(spanOf));
    return around(spans);
  }

  add(segment: Segment): void {
    this.#segments.push(segment);
  }

  addJump(jump: Jump): void {
    this.#jumps.push(jump);
  }

  /** Where the alert with this sequence number is, or else the next one that there is. */
  find(sequence: number): Place | undefined {
    for (let at = indexAfter(this.#segments, sequence); at < this.#segments.length; at++) {
      const segment = this.#segments[at]!;
      const chunk = segment.chunks[indexAfter(segment.chunks, sequence)];
      if (chunk !== undefined) return { segment, chunk };
    }
    return undefined;
  }

  /** How many numbers from `from` up to `to`, without `to`, stand for alerts, and whether some were left out. */
  count(from: number, to: number): { alerts: number; jumped: boolean } {
    let alerts = Math.max(0, to - from);
    let jumped = false;
    for (const jump of this.#jumps) {
      const skipped = Math.min(jump.to, to) - Math.max(jump.from, from);
      if (skipped <= 0) continue;
      alerts -= skipped;
      jumped = true;
    }
    return { alerts, jumped };
  }

  remove(segment: Segment): void {
    const at = this.#segments.indexOf(segment);
    if (at !== -1) this.#segments.splice(at, 1);
  }

  /** Removes the oldest, of those that are sealed, as long as they exceed a bound, and returns them. */
  retain({ bytes, count, ageMs }: Retention, now: number): Segment[] {
    let total = this.bytes;
    const newest = this.#segments.at(-1)?.end ?? 0;
    const tooMuch = ({ end, sealedAt }: Segment) =>
      total > bytes ||
      (count !== undefined && end <= newest - count) ||
      (ageMs !== undefined && sealedAt! < now - ageMs);
    const removed: Segment[] = [];
    while (this.#segments[0]?.sealedAt !== undefined && tooMuch(this.#segments[0])) {
      const [segment] = this.#segments.splice(0, 1);
      total -= segment!.fileBytes;
      removed.push(segment!);
    }
    return removed;
  }
}
