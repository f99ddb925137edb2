import type { Pieces } from "../alert-batch.js";

/** Alerts in the form in which the old outputs write them. Piece i is one alert, with a newline (0x0a) at its end. */
export interface FormattedAlerts extends Pieces {
  /** The priority of each, from 0 (Emergency) to 7 (Debug). */
  readonly priorities: readonly number[];
  /** When each was emitted, in microseconds since 1970, 0 if unknown. Undefined if no output needs it. */
  readonly timesUs?: readonly number[];
}

/** One attempt to write some alerts. */
export interface Attempt {
  /** Aborts when its time is up, and when the output closes: the sink must stop writing then. */
  readonly signal: AbortSignal;
  /** The other side has the first `count` of the alerts: they are not retried if this attempt fails. */
  written(count: number): void;
}

/** The other side of an output: a file, a program, a receiver. Its queue calls it, one call at a time. */
export interface Sink {
  /** How many alerts `write` takes at once. */
  readonly maxAlerts: number;
  /**
   * Writes alerts; resolves when the other side has them. Failed alerts are retried with backoff until their time is up.
   * @throws Refused for alerts for which retrying is pointless; any other error for a failure that may pass. No error's
   * message contains anything from an alert, unless a receiver quotes it in its reason.
   */
  write(alerts: FormattedAlerts, attempt: Attempt): Promise<void>;
  /** Reopens what it writes to. Called between writes; it must not wait any longer once the signal aborts. */
  reopen(signal: AbortSignal): Promise<void>;
  /** Releases everything; once the signal aborts, without waiting for what hangs. The last call. */
  close(signal: AbortSignal): Promise<void>;
}

/**
 * The other side does not accept alerts, and will not: they have failed. Those are the first `count` after the written
 * ones, or all of them by default; the rest is retried at once.
 */
export class Refused extends Error {
  constructor(
    message: string,
    readonly count = Number.POSITIVE_INFINITY,
  ) {
    super(message);
  }
}

/** The other side asks to wait for some time. */
export class NotYet extends Error {
  /** @param afterMs How long, in milliseconds; at most until the alerts' time is up. */
  constructor(
    message: string,
    readonly afterMs: number,
  ) {
    super(message);
  }
}

/** The alerts from `start` to `end`, in the same memory. */
export function sliceAlerts(alerts: FormattedAlerts, start: number, end: number): FormattedAlerts {
  if (start === 0 && end === alerts.ends.length) return alerts;
  const { bytes, ends, priorities, timesUs } = alerts;
  const from = start === 0 ? 0 : ends[start - 1]!;
  return {
    bytes: bytes.subarray(from, end === 0 ? 0 : ends[end - 1]!),
    ends: ends.slice(start, end).map((at) => at - from),
    priorities: priorities.slice(start, end),
    ...(timesUs && { timesUs: timesUs.slice(start, end) }),
  };
}
