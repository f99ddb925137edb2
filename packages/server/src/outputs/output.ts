import type { AlertBatch } from "../alert-batch.js";

/** What became of the alerts that an output was given. */
export interface OutputStats {
  /** Alerts that the other side has. */
  readonly written: number;
  /** Given up after an error, or when their time was up. */
  readonly failed: number;
  /** Not taken because the queue was full, or still in it at the end. */
  readonly dropped: number;
  /** In the queue, or being written. */
  readonly waiting: number;
  /** Kept out by its `priority`, `allow` or `deny`; absent for an output that gets all. */
  readonly filtered?: number;
}

/**
 * Where alerts go. Each output has its own bounded queue and its own time limit, so that one that hangs, fails or fills
 * up does not delay others, or Falco.
 */
export interface Output<Taken = void> {
  /** As in falco.yaml, without `_output`; with its own name after a colon if it has one: `http:slack`. */
  readonly name: string;
  /** Takes alerts without waiting, whatever the other side does. */
  write(batch: AlertBatch): Taken;
  /** Closes what it writes to, and opens it again: a file that was rotated, a program that must be restarted. */
  reopen(): void;
  stats(): OutputStats;
  /** Whether its queue is more than half full while it continues writing: inputs that can wait with more alerts should. */
  readonly isCrowded: boolean;
  /** Takes no more alerts. Resolves when those in the queue are written, or when their time is up. */
  close(): Promise<void>;
}
