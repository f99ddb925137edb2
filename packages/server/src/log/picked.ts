import type { Slice } from "./alert-log.js";
import type { FrameStore, Holder } from "./frame-store.js";

/** Frames picked one by one for a slice of at most `maxBytes`, which only a single frame may exceed. */
export class Picked {
  readonly #store: FrameStore;
  readonly #maxBytes: number;
  readonly #frames: Uint8Array[] = [];
  #first = 0;
  #bytes = 0;

  constructor(store: FrameStore, maxBytes: number) {
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#frames.length;
  }

  /** Adds the frame of `sequence`; false if it does not fit. */
  add(sequence: number, frame: Uint8Array): boolean {
    if (this.count > 0 && this.#bytes + frame.length > this.#maxBytes) return false;
    if (this.count === 0) this.#first = sequence;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return true;
  }

  /** What was picked; `holder` keeps its memory until it is released. */
  slice(holder: Holder): Slice | undefined {
    if (this.count === 0) return undefined;
    // A copy of a few small frames takes less memory than the slab that they would pin; a copy of a large one does not.
    if (this.#bytes > this.#maxBytes) return this.#store.slice(this.#first, 1, this.#maxBytes, holder);
    return this.#store.copy(this.#frames, holder);
  }
}
