import type { AlertBatch } from "../alert-batch.js";
import type { Slice } from "./alert-log.js";
import { frameBytes, Slab, slabBytes } from "./slab.js";

export interface Bounds {
  /** How many alerts are retained at the most. */
  readonly maxAlerts: number;
  /** How much memory they take at the most, in bytes. */
  readonly maxBytes: number;
  /** How much memory of evicted alerts may be held by streams that are being written, in bytes. */
  readonly maxPinnedBytes: number;
}

/** Who holds a slice while it is written. */
export interface Holder {
  /** The slice is taken back, since its holder held it longest and memory is short. */
  evicted(): void;
}

/** Slabs of ready frames, bounded by count and bytes; the oldest go first. */
export class FrameStore {
  readonly #bounds: Bounds;
  readonly #slabs: Slab[] = [];
  /** The slabs of which slices are being written, those longest held first. */
  readonly #held = new Map<Holder, Slab>();
  #bytes = 0;
  #pinnedBytes = 0;
  #first: number;
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

  get bytes(): number {
    return this.#bytes;
  }

  get pinnedBytes(): number {
    return this.#pinnedBytes;
  }

  append(batch: AlertBatch): void {
    let start = 0;
    for (const end of batch.ends) {
      this.#slabFor(frameBytes(end - start, this.#end)).add(batch, start, end);
      this.#end++;
      start = end;
    }
    this.#evict();
  }

  /** Frames from `sequence` on, which has to be retained; `holder` keeps their memory until it is released. */
  slice(sequence: number, maxCount: number, maxBytes: number, holder: Holder): Slice {
    const slab = this.#slabOf(sequence);
    slab.pins++;
    this.#held.set(holder, slab);
    return slab.slice(sequence, maxCount, maxBytes);
  }

  /** One frame, in place: not to be kept. */
  frame(sequence: number): Uint8Array {
    return this.#slabOf(sequence).frame(sequence);
  }

  /** What a holder held is written. */
  release(holder: Holder): void {
    const slab = this.#held.get(holder);
    if (slab === undefined) return;
    this.#held.delete(holder);
    slab.pins--;
    if (slab.pins === 0 && this.#isEvicted(slab)) this.#pinnedBytes -= slab.size;
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
    let low = 0;
    let high = this.#slabs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#slabs[middle]!.first <= sequence) low = middle;
      else high = middle - 1;
    }
    return this.#slabs[low]!;
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
      this.#bytes -= slab.size;
      this.#first = Math.max(this.#first, slab.end);
      if (slab.pins > 0) this.#pinnedBytes += slab.size;
    }
    this.#takeBack();
  }

  #takeBack(): void {
    for (const [holder, slab] of this.#held) {
      if (this.#pinnedBytes <= this.#bounds.maxPinnedBytes) return;
      if (!this.#isEvicted(slab)) continue;
      this.release(holder);
      holder.evicted();
    }
  }
}
