import type { AlertBatch } from "../../alert-batch.js";
import type { Slice } from "../alert-log.js";
import type { AlertStore, Holder, LoadedFrames } from "../alert-store.js";
import type { Selection } from "../filter/selection.js";
import type { FrameRun } from "../frame-run.js";
import type { FrameStore } from "../frame-store.js";
import type { DiskStore } from "./disk-store.js";
import type { BlockSource, SourceBlock } from "./disk-writer.js";

/** The newest alerts in memory, all others on the disk. They can be read once they are written. */
export class TieredStore implements AlertStore, BlockSource {
  readonly #memory: FrameStore;
  readonly #disk: DiskStore;
  #firstOnDisk: number | undefined;
  #end: number;

  /** @param memory Begins where the disk ends. */
  constructor(memory: FrameStore, disk: DiskStore) {
    this.#memory = memory;
    this.#disk = disk;
    this.#firstOnDisk = disk.first;
    this.#end = memory.end;
  }

  get first(): number {
    const { first } = this.#memory;
    return this.#firstOnDisk === undefined || first < this.#firstOnDisk ? first : this.#firstOnDisk;
  }

  get end(): number {
    return this.#end;
  }

  get firstReadable(): number {
    return this.#memory.first;
  }

  append(batch: AlertBatch): void {
    this.#memory.append(batch);
    this.#memory.forgetEvicted();
  }

  /** Alerts from `sequence` on stay in memory. */
  keepFrom(sequence: number): void {
    this.#memory.keepFrom(sequence);
    this.#memory.forgetEvicted();
  }

  /** From now on, alerts before `end` can be read. */
  show(end: number): void {
    this.#end = end;
    this.#firstOnDisk ??= this.#disk.first;
  }

  /** The disk has fewer of the oldest alerts. */
  shrunk(): void {
    this.#firstOnDisk = this.#disk.first;
  }

  framesAt(sequence: number): FrameRun | Promise<LoadedFrames> {
    return sequence >= this.#memory.first ? this.#memory.framesAt(sequence) : this.#load(sequence);
  }

  skip(sequence: number, selection: Selection): number {
    return sequence >= this.#memory.first
      ? this.#memory.skip(sequence, selection)
      : this.#disk.skip(sequence, (span) => selection.excludes(span));
  }

  addLooked(count: number): void {
    this.#memory.addLooked(count);
  }

  hold(frames: FrameRun, holder: Holder): void {
    this.#memory.hold(frames, holder);
  }

  copy(frames: readonly Uint8Array[], holder: Holder): Slice {
    return this.#memory.copy(frames, holder);
  }

  release(holder: Holder): void {
    this.#memory.release(holder);
  }

  count(from: number, to: number): { alerts: number; jumped: boolean } {
    return this.#disk.count(from, to);
  }

  blockFrom(sequence: number, maxBytes: number): SourceBlock | undefined {
    const first = Math.max(sequence, this.#memory.first);
    if (first >= this.#memory.end) return undefined;
    const slab = this.#memory.framesAt(first);
    const { bytes, count } = slab.slice(first, Number.POSITIVE_INFINITY, maxBytes);
    const { least, greatest } = slab.timesOf(first, first + count);
    return { first, count, frames: bytes, leastUs: least, greatestUs: greatest };
  }

  async #load(sequence: number): Promise<LoadedFrames> {
    const frames = await this.#disk.read(sequence);
    const tail = this.#memory.first;
    if (frames === undefined || frames.first >= tail) {
      return { frames: undefined, next: Math.max(sequence, tail) };
    }
    return { frames, next: Math.max(sequence, frames.first) };
  }
}
