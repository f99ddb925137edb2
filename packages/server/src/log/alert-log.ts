/**
 * Encoded alerts, end to end: alert i is `bytes` from `ends[i - 1]` (0 for the first) to `ends[i]`. Each is a
 * `falco.outputs.response` without a sequence number, of at most 1 MiB.
 */
export interface AlertBatch {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
}

/** The sequence numbers that the alerts of a batch got. They fit a number: microseconds stay below 2^53 until 2255. */
export interface Appended {
  readonly first: number;
  readonly last: number;
}

/** What a cursor is opened for. */
export interface Subscription {
  /** The shared queue: each alert goes to one cursor. Starts with the oldest alert that nobody took. */
  readonly mode: "shared";
  /** Whether `next` waits for what comes when there is nothing left, or ends. */
  readonly follow: boolean;
}

/** Whole gRPC frames (a length-prefixed message each, uncompressed), ready to be written to a stream. */
export interface Slice {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/** A reader's place in the log. */
export interface Cursor {
  /** The sequence number behind which this cursor starts. */
  readonly position: number;
  /**
   * The next frames, at most `maxBytes` of them, or a single one that is larger. Undefined when there is nothing left
   * and the subscription does not follow. One call at a time.
   * @throws the reason of `signal`, when it aborts while this waits.
   */
  next(maxBytes: number, signal: AbortSignal): Slice | undefined | Promise<Slice | undefined>;
  close(): Promise<void>;
}

export interface LogStats {
  /** Alerts appended since the start. */
  readonly appended: number;
  /** Alerts handed to a cursor. */
  readonly delivered: number;
  /** Alerts that the bound evicted before anyone took them. */
  readonly lost: number;
  /** Alerts held now. */
  readonly retained: number;
  /** Memory that holds them, in bytes. */
  readonly retainedBytes: number;
}

/** An append-only, bounded log of alerts. Asynchronous, so that an engine may be another machine. */
export interface AlertLog {
  append(batch: AlertBatch): Appended | Promise<Appended>;
  open(subscription: Subscription): Promise<Cursor>;
  stats(): LogStats;
  close(): Promise<void>;
}
