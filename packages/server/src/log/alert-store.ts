import type { Slice } from "./alert-log.js";
import type { Selection } from "./filter/selection.js";
import type { FrameRun } from "./frame-run.js";

/** Who holds a slice while it is written. */
export interface Holder {
  /** The slice is taken back: memory is short, and this holder has held its slice the longest. */
  evicted(): void;
}

/** What was read for a reader. */
export interface LoadedFrames {
  /** Undefined: nothing more has to be loaded from `next` on. */
  readonly frames: FrameRun | undefined;
  /** The sequence number asked for, or the next one that can still be read. */
  readonly next: number;
}

/** Where groups read alerts, by their sequence numbers. */
export interface AlertStore {
  /** The sequence number of the oldest alert retained. */
  readonly first: number;
  /** The sequence number of the next alert that will be there to be read. */
  readonly end: number;
  /** From this sequence number on, `framesAt` has all alerts at once: also those that have just been evicted. */
  readonly firstReadable: number;
  /** The frames among which is that of `sequence`, which is retained and before `end`; a promise if they are not in memory. */
  framesAt(sequence: number): FrameRun | Promise<LoadedFrames>;
  /** Where the search for an alert that passes goes on: after those that cannot by their times, without reading them. */
  skip(sequence: number, selection: Selection): number;
  /** Counts alerts that were looked at, to see whether they pass. */
  addLooked(count: number): void;
  /** `holder` holds the memory of these frames until it is released. */
  hold(frames: FrameRun, holder: Holder): void;
  /** A copy of the frames, which counts as pinned until `holder` is released. */
  copy(frames: readonly Uint8Array[], holder: Holder): Slice;
  /** What a holder held has been written. */
  release(holder: Holder): void;
  /**
   * How many alerts have the numbers from `from` up to `to`, without `to`. `jumped`: numbers among them were left out,
   * since others may stand for alerts that a crash took.
   */
  count(from: number, to: number): { readonly alerts: number; readonly jumped: boolean };
}
