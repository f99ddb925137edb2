import { alertTimeUs } from "@falco-outputs/core/codec";
import type { AlertBatch } from "../alert-batch.js";
import type { Slice } from "./alert-log.js";
import type { Selection } from "./filter/selection.js";
import type { TimeSpan } from "./filter/time-window.js";
import { Scan } from "./scan.js";
import { frameBytes, messageOf, Slab, slabBytes } from "./slab.js";

export interface Bounds {
  /** How many alerts are retained at most. */
  readonly maxAlerts: number;
  /** How much memory they take at most, in bytes. */
  readonly maxBytes: number;
  /** How much memory streams being written may hold in addition, in bytes: evicted alerts, and copies. */
  readonly maxPinnedBytes: number;
}

/** Who holds a slice while it is written. */
export interface Holder {
  /** The slice is taken back: memory is short, and this holder has held its slice the longest. */
  evicted(): void;
}

/** Some of the alerts of a range. */
export interface Found {
  readonly count: number;
  /** The sequence numbers of the first and the last of them; undefined if there are none. */
  readonly first: number | undefined;
  readonly last: number | undefined;
}

/** Slabs of ready frames, bounded by count and bytes; the oldest go first. */
export class FrameStore {
  readonly #bounds: Bounds;
  readonly #slabs: Slab[] = [];
  /** Those that the last `append` evicted, until `forgetEvicted`. */
  #evicted: Slab[] = [];
  /** What is being written, the longest held first: a slab, or a copy, by its size in bytes. */
  readonly #held = new Map<Holder, Slab | number>();
  #bytes = 0;
  #pinnedBytes = 0;
  #first: number;
  #looked = 0;
  #end: number;

  /** @param first The sequence number of the first alert to come. */
  constructor(first: number, bounds: Bounds) {
    this.#first = first;
    this.#end = first;
    this.#bounds = bounds;
  }

  /** The sequence number of the oldest alert retained. */
  get first(): number {
    return this.#first;
  }

  /** The sequence number of the next alert to come. */
  get end(): number {
    return this.#end;
  }

  /** The sequence number of the oldest alert that can be looked at: evicted ones can until `forgetEvicted`. */
  get firstReadable(): number {
    return this.#evicted[0]?.first ?? this.#slabs[0]?.first ?? this.#first;
  }

  /** How many alerts were looked at by `find` and `findAll`. */
  get looked(): number {
    return this.#looked;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get pinnedBytes(): number {
    return this.#pinnedBytes;
  }

  /** The times of the alerts retained; undefined if there are none. */
  get times(): TimeSpan | undefined {
    const [oldest, ...others] = this.#slabs;
    if (oldest === undefined) return undefined;
    return others.reduce(around, this.#timesOf(oldest));
  }

  /** What it evicts can be looked at until `forgetEvicted` is called. */
  append(batch: AlertBatch): void {
    const { bytes, ends, times } = batch;
    let start = 0;
    for (let index = 0; index < ends.length; index++) {
      const end = ends[index]!;
      const timeUs = times === undefined ? alertTimeUs(bytes, start, end) : times[index]!;
      this.#slabFor(frameBytes(end - start, this.#end)).add(batch, start, end, timeUs);
      this.#end++;
      start = end;
    }
    this.#evict();
  }

  /** Lets go of what the last `append` evicted. */
  forgetEvicted(): void {
    if (this.#evicted.length > 0) this.#evicted = [];
  }

  /**
   * Looks for the first alert that passes, from `from` to before `to`. Returns where it stopped: at one, where the scan's
   * turn is over, or at `to`. It skips slabs that can have none by their times.
   */
  find(from: number, to: number, selection: Selection, scan: Scan): number {
    const looked = scan.looked;
    let at = from;
    while (at < to && !scan.found && !scan.isOver) {
      const slab = this.#slabOf(at);
      const end = Math.min(slab.end, to);
      at = selection.excludes(slab) ? end : slab.find(at, end, selection, scan);
    }
    this.#looked += scan.looked - looked;
    return at;
  }

  /** All alerts that pass, from `from` to before `to`. */
  findAll(from: number, to: number, selection: Selection): Found {
    let count = 0;
    let first: number | undefined;
    let last: number | undefined;
    const scan = new Scan(false);
    for (let at = from; at < to; at++) {
      scan.found = false;
      at = this.find(at, to, selection, scan);
      if (!scan.found) break;
      first ??= at;
      last = at;
      count++;
    }
    return { count, first, last };
  }

  /** Whether an alert that is retained passes. */
  passes(sequence: number, selection: Selection): boolean {
    const scan = new Scan(false);
    this.find(sequence, sequence + 1, selection, scan);
    return scan.found;
  }

  /** Frames from `sequence` on, which must be retained; `holder` keeps their memory until it is released. */
  slice(sequence: number, maxCount: number, maxBytes: number, holder: Holder): Slice {
    const slab = this.#slabOf(sequence);
    slab.pins++;
    this.#held.set(holder, slab);
    return slab.slice(sequence, maxCount, maxBytes);
  }

  /** A copy of the frames, which counts as pinned until `holder` is released. */
  copy(frames: readonly Uint8Array[], holder: Holder): Slice {
    const bytes = Buffer.concat(frames);
    this.#pinnedBytes += bytes.length;
    this.#held.set(holder, bytes.length);
    this.#takeBack(holder);
    return { bytes, count: frames.length };
  }

  /** One frame, in place; it must not be kept. */
  frame(sequence: number): Uint8Array {
    return this.#slabOf(sequence).frame(sequence);
  }

  /** What a holder held has been written. */
  release(holder: Holder): void {
    const held = this.#held.get(holder);
    if (held === undefined) return;
    this.#held.delete(holder);
    if (typeof held === "number") {
      this.#pinnedBytes -= held;
      return;
    }
    held.pins--;
    if (held.pins === 0 && this.#isEvicted(held)) this.#pinnedBytes -= held.size;
  }

  clear(): void {
    for (const slab of this.#slabs) if (slab.pins > 0) this.#pinnedBytes += slab.size;
    this.#slabs.length = 0;
    this.#bytes = 0;
    this.#first = this.#end;
  }

  #slabFor(frame: number): Slab {
    const last = this.#slabs.at(-1);
    if (last?.hasRoom(frame) === true) return last;
    const slab = new Slab(this.#end, Math.max(slabBytes, frame));
    this.#slabs.push(slab);
    this.#bytes += slab.size;
    return slab;
  }

  #slabOf(sequence: number): Slab {
    const isEvicted = this.#slabs[0] === undefined || sequence < this.#slabs[0].first;
    return slabOf(isEvicted ? this.#evicted : this.#slabs, sequence);
  }

  /** Those of its alerts that are retained: the oldest slab has others as well. */
  #timesOf(slab: Slab): TimeSpan {
    if (slab.first >= this.#first) return slab;
    let times: TimeSpan = { least: Number.POSITIVE_INFINITY, greatest: Number.NEGATIVE_INFINITY };
    for (let sequence = this.#first; sequence < slab.end; sequence++) {
      const alert = messageOf(slab.frame(sequence));
      const timeUs = slab.arrivalUs(sequence) ?? alertTimeUs(alert, 0, alert.length);
      times = around(times, { least: timeUs, greatest: timeUs });
    }
    return times;
  }

  #isEvicted(slab: Slab): boolean {
    return this.#slabs[0] === undefined || slab.first < this.#slabs[0].first;
  }

  #evict(): void {
    const { maxAlerts, maxBytes } = this.#bounds;
    this.#first = Math.max(this.#first, this.#end - maxAlerts);
    for (;;) {
      const slab = this.#slabs[0];
      if (slab === undefined || (this.#bytes <= maxBytes && slab.end > this.#first)) break;
      this.#slabs.shift();
      this.#evicted.push(slab);
      this.#bytes -= slab.size;
      this.#first = Math.max(this.#first, slab.end);
      if (slab.pins > 0) this.#pinnedBytes += slab.size;
    }
    this.#takeBack();
  }

  /** @param latest The holder that has just been given something, and keeps it. */
  #takeBack(latest?: Holder): void {
    for (const [holder, held] of this.#held) {
      if (this.#pinnedBytes <= this.#bounds.maxPinnedBytes || holder === latest) return;
      if (typeof held !== "number" && !this.#isEvicted(held)) continue;
      this.release(holder);
      holder.evicted();
    }
  }
}

function slabOf(slabs: readonly Slab[], sequence: number): Slab {
  let low = 0;
  let high = slabs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (slabs[middle]!.first <= sequence) low = middle;
    else high = middle - 1;
  }
  return slabs[low]!;
}

function around(one: TimeSpan, other: TimeSpan): TimeSpan {
  return {
    least: Math.min(one.least, other.least),
    greatest: Math.max(one.greatest, other.greatest),
  };
}
