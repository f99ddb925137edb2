import type { Alert } from "../alert-message.js";

/** Alerts as they arrive. Each iteration is a stream of its own, opened by the first `next()`, ended by `break`. */
export interface AlertStream extends Alerts {
  /**
   * The same, several alerts at a time: all that have arrived, at least one. For those who can treat many at once, e.g.
   * write them to a database. With `acknowledge: true` a batch is acknowledged when the loop comes back for the next.
   */
  batches(): Batches;
  /**
   * The same, but it ends after so many alerts. With `acknowledge: true` the last one is acknowledged as well, when the
   * loop comes back.
   * @throws OptionError for a count that is not a whole number of at least 1.
   */
  take(count: number): Alerts;
  /**
   * The first alert; undefined if the stream ends without one. With `acknowledge: true` it is acknowledged.
   * @throws FalcoError as iterating does.
   */
  first(): Promise<Alert | undefined>;
}

/** A stream whose alerts are acknowledged by hand. */
export interface AcknowledgedStream extends AlertStream {
  /**
   * Marks an alert of this stream as done. The server is told once all that came before it are done as well, so that
   * handlers may finish in any order. An alert of a connection that was lost comes again, whether it is marked or not.
   * @returns Whether it counts: false for an alert of a connection that is gone, or one that was marked before.
   * @throws FalcoError with InvalidArgument for an alert that is not this stream's own object, such as a copy.
   */
  acknowledge(alert: Alert): boolean;
}

/** Alerts, one at a time. */
export interface Alerts {
  [Symbol.asyncIterator](): OneByOne;
}

export interface OneByOne extends AsyncIterator<Alert, undefined> {
  next(): Promise<IteratorResult<Alert, undefined>>;
  return(): Promise<IteratorReturnResult<undefined>>;
  [Symbol.asyncIterator](): this;
}

/** Alerts, several at a time. */
export interface Batches {
  [Symbol.asyncIterator](): BatchIterator;
}

export interface BatchIterator extends AsyncIterator<readonly Alert[], undefined> {
  next(): Promise<IteratorResult<readonly Alert[], undefined>>;
  return(): Promise<IteratorReturnResult<undefined>>;
}
