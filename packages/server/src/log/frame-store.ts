import { alertTimeUs } from "@falco-outputs/core/codec";
import type { AlertBatch } from "../alert-batch.js";
import type { Slice } from "./alert-log.js";
import type { AlertStore, Holder } from "./alert-store.js";
import type { Selection } from "./filter/selection.js";
import { around, type TimeSpan } from "./filter/time-window.js";
import type { FrameRun } from "./frame-run.js";
import { frameBytes, Slab, slabBytes } from "./slab.js";

export interface Bounds {
  /** How many alerts are retained at most. */
  readonly maxAlerts: number;
  /** How much memory they take at most, in bytes. */
  readonly maxBytes: number;
  /** How much memory streams being written may hold in addition, in bytes: evicted alerts, copies, and what was loaded. */
  readonly maxPinnedBytes: number;
}

/** Slabs of ready frames, bounded by count and bytes; the oldest go first. */
export class FrameStore implements AlertStore {
  readonly #bounds: Bounds;
  readonly #slabs: Slab[] = [];
  /** Those that the last `append` evicted, until `forgetEvicted`. */
  #evicted: Slab[] = [];
  /** What is being written, the longest held first: a slab, or what is not in one, by its size in bytes. */
  readonly #held = new Map<Holder, Slab | number>();
  #bytes = 0;
  #pinnedBytes = 0;
  #first: number;
  #looked = 0;
  #end: number;
  #keptFrom = Number.POSITIVE_INFINITY;

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

  get firstReadable(): number {
    return this.#evicted[0]?.first ?? this.#slabs[0]?.first ?? this.#first;
  }

  /** How many alerts were looked at, to see whether they pass. */
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
    return around([this.#timesOf(oldest), ...others]);
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

  /** Alerts from `sequence` on stay, up to twice the bound on memory. */
  keepFrom(sequence: number): void {
    this.#keptFrom = sequence;
    this.#evict();
  }

  /** Lets go of what the last `append` evicted. */
  forgetEvicted(): void {
    if (this.#evicted.length > 0) this.#evicted = [];
  }

  framesAt(sequence: number): Slab {
    const isEvicted = this.#slabs[0] === undefined || sequence < this.#slabs[0].first;
    return slabOf(isEvicted ? this.#evicted : this.#slabs, sequence);
  }

  skip(sequence: number, selection: Selection): number {
    const slab = this.framesAt(sequence);
    return selection.excludes(slab) ? slab.end : sequence;
  }

  addLooked(count: number): void {
    this.#looked += count;
  }

  count(from: number, to: number): { alerts: number; jumped: boolean } {
    return { alerts: to - from, jumped: false };
  }

  hold(frames: FrameRun, holder: Holder): void {
    if (frames instanceof Slab) {
      frames.pins++;
      this.#held.set(holder, frames);
    } else {
      this.#pin(frames.size, holder);
    }
  }

  copy(frames: readonly Uint8Array[], holder: Holder): Slice {
    const bytes = Buffer.concat(frames);
    this.#pin(bytes.length, holder);
    return { bytes, count: frames.length };
  }

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

  /** Memory that is only held, in bytes. */
  #pin(bytes: number, holder: Holder): void {
    this.#pinnedBytes += bytes;
    this.#held.set(holder, bytes);
    this.#takeBack(holder);
  }

  /** Those of its alerts that are retained: the oldest slab has others as well. */
  #timesOf(slab: Slab): TimeSpan {
    return slab.first >= this.#first ? slab : slab.timesOf(this.#first, slab.end);
  }

  #isEvicted(slab: Slab): boolean {
    return this.#slabs[0] === undefined || slab.first < this.#slabs[0].first;
  }

  #evict(): void {
    const { maxAlerts, maxBytes } = this.#bounds;
    this.#first = Math.max(this.#first, Math.min(this.#end - maxAlerts, this.#keptFrom));
    for (;;) {
      const slab = this.#slabs[0];
      if (slab === undefined) break;
      const most = slab.end > this.#keptFrom ? 2 * maxBytes : maxBytes;
      if (this.#bytes <= most && slab.end > this.#first) break;
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
