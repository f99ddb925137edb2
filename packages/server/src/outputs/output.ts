import type { AlertBatch } from "../alert-batch.js";

/** What became of the alerts that an output was given. */
export interface OutputStats {
  /** Alerts that are the other side's now. */
  readonly written: number;
  /** Given up after an error, or when their time was over. */
  readonly failed: number;
  /** Not taken, since the output's queue was full, or left in it at the end. */
  readonly dropped: number;
  /** In the queue, or being written. */
  readonly waiting: number;
}

/**
 * Where alerts go. Each output has its own bounded queue and its own time limit, so that one that hangs, fails or fills
 * up delays no other, and not Falco.
 */
export interface Output<Taken = void> {
  /** As in falco.yaml, without `_output`. */
  readonly name: string;
  /** Takes alerts, at once, whatever the other side does. */
  write(batch: AlertBatch): Taken;
  /** Lets go of what it writes to, and opens it anew: a file that was rotated, a program that is to be started again. */
  reopen(): void;
  stats(): OutputStats;
  /** Whether its queue is more than half full while it goes on writing: who can wait with more alerts should. */
  readonly isCrowded: boolean;
  /** Takes no more alerts. Resolves when those in the queue are written, or when their time is over. */
  close(): Promise<void>;
}
