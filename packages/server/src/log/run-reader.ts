import type { AlertStore } from "./alert-store.js";
import type { Selection } from "./filter/selection.js";
import type { FrameRun } from "./frame-run.js";
import { Scan } from "./scan.js";

/** Some of the alerts of a range. */
export interface Found {
  readonly count: number;
  /** The sequence numbers of the first and the last of them; undefined if there are none. */
  readonly first: number | undefined;
  readonly last: number | undefined;
}

/** Reads runs of frames for a group: from memory at once, all others one at a time, once they are loaded. */
export class RunReader {
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

  /**
   * Looks for the first alert that passes, from `from` to before `to`. Returns where it stopped: at one, where the scan's
   * turn is over, at what has to be loaded first, or at `to`. It skips runs that can have none by their times.
   */
  find(from: number, to: number, selection: Selection, scan: Scan): number {
    const looked = scan.looked;
    let at = from;
    while (at < to && !scan.found && !scan.isOver) {
      const next = this.#store.skip(at, selection);
      if (next > at) {
        at = Math.min(next, to);
        continue;
      }
      const run = this.framesAt(at);
      if (run === undefined) break;
      at = run.find(at, Math.min(run.end, to), selection, scan);
    }
    this.#store.addLooked(scan.looked - looked);
    return at;
  }

  /** All alerts that pass, from `from` to before `to`, which must be in memory. */
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

  /** Nobody reads any more. */
  forget(): void {
    this.#loaded = undefined;
  }
}
