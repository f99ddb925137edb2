import type { Alert } from "../alert-message.js";

/** Alerts as they arrive. Each iteration is a stream of its own, opened by the first `next()`, ended by `break`. */
export interface AlertStream {
  [Symbol.asyncIterator](): AsyncIterableIterator<Alert>;
  /**
   * The same, several alerts at a time: all that have arrived, at least one. For those who can treat many at once, e.g.
   * write them to a database. With `acknowledge: true` a batch is acknowledged when the loop comes back for the next.
   */
  batches(): AsyncIterable<readonly Alert[], undefined>;
}

/** A stream whose alerts are acknowledged by hand. */
export interface AcknowledgedStream extends AlertStream {
  /**
   * Marks an alert of this stream as done. The server is told once all that came before it are done as well, so that
   * handlers may finish in any order. An alert of a connection that was lost comes again, whether it is marked or not.
   */
  acknowledge(alert: Alert): void;
}
