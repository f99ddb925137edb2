import type { AlertStore } from "./alert-store.js";
import type { FrameRun } from "./frame-run.js";

/** Gets a group the frames that it reads: at once from memory, or later, one run at a time. */
export class Loader {
  readonly #store: AlertStore;
  readonly #onLoaded: (sequence: number, next: number) => void;
  #loaded: FrameRun | undefined;
  #isLoading = false;

  /**
   * @param onLoaded Called when frames that were asked for are there: those of `sequence`, or else those of `next`, the
   * first one after it that can still be read.
   */
  constructor(store: AlertStore, onLoaded: (sequence: number, next: number) => void) {
    this.#store = store;
    this.#onLoaded = onLoaded;
  }

  get isLoading(): boolean {
    return this.#isLoading;
  }

  /** The frames among which is that of `sequence`; undefined if they have to be loaded first. */
  framesAt(sequence: number): FrameRun | undefined {
    if (this.#loaded?.has(sequence) === true) return this.#loaded;
    this.#loaded = undefined;
    if (this.#isLoading) return undefined;
    const found = this.#store.framesAt(sequence);
    if (!(found instanceof Promise)) return found;
    this.#isLoading = true;
    void found.then(({ frames, next }) => {
      this.#isLoading = false;
      this.#loaded = frames;
      this.#onLoaded(sequence, next);
    });
    return undefined;
  }

  /** Nobody reads any more. */
  forget(): void {
    this.#loaded = undefined;
  }
}
