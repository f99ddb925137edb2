import type { Slice } from "./alert-log.js";
import type { AlertStore, Holder } from "./alert-store.js";
import type { FrameRun } from "./frame-run.js";

/** Frames picked one by one for a slice of at most `maxBytes`, which only a single frame may exceed. */
export class Picked {
  readonly #store: AlertStore;
  readonly #maxBytes: number;
  readonly #frames: Uint8Array[] = [];
  #first: { run: FrameRun; sequence: number } | undefined;
  #bytes = 0;

  constructor(store: AlertStore, maxBytes: number) {
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#frames.length;
  }

  /** Adds the frame of `sequence`, which is among those of `run`; false if it does not fit. */
  add(run: FrameRun, sequence: number): boolean {
    const frame = run.frame(sequence);
    if (this.count > 0 && this.#bytes + frame.length > this.#maxBytes) return false;
    this.#first ??= { run, sequence };
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return true;
  }

  /** What was picked; `holder` keeps its memory until it is released. */
  slice(holder: Holder): Slice | undefined {
    if (this.#first === undefined) return undefined;
    // A copy of a few small frames takes less memory than what they would pin; a copy of a large one does not.
    if (this.#bytes <= this.#maxBytes) return this.#store.copy(this.#frames, holder);
    const { run, sequence } = this.#first;
    this.#store.hold(run, holder);
    return run.slice(sequence, 1, this.#maxBytes);
  }
}
