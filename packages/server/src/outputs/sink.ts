import type { Pieces } from "../alert-batch.js";

/** Alerts in the form in which the old outputs write them. Piece i is one alert, with a newline (0x0a) at its end. */
export interface FormattedAlerts extends Pieces {
  /** The priority of each, from 0 (Emergency) to 7 (Debug). */
  readonly priorities: readonly number[];
  /** When each was emitted, in microseconds since 1970, 0 if that is not known. Undefined if no output asks for it. */
  readonly timesUs?: readonly number[];
}

/** One try to write some alerts. */
export interface Attempt {
  /** Aborts when its time is over, and when the output closes: who writes has to let go then. */
  readonly signal: AbortSignal;
  /** The first `count` of the alerts are the other side's now: they are not tried again if this attempt fails. */
  written(count: number): void;
}

/** The other side of an output: a file, a program, a receiver. Its queue calls it, one call at a time. */
export interface Sink {
  /** How many alerts `write` takes at once. */
  readonly maxAlerts: number;
  /**
   * Writes alerts; resolves when they are the other side's. What fails is tried again, with backoff, as long as the
   * alerts' time lasts.
   * @throws Refused for alerts that another attempt would not help; any other error for a failure that may pass. No
   * error's message holds anything of an alert, unless a receiver quotes it in its reason.
   */
  write(alerts: FormattedAlerts, attempt: Attempt): Promise<void>;
  /** Opens anew what it writes to. Called between writes; whatever hangs has to be let go of when the signal aborts. */
  reopen(signal: AbortSignal): Promise<void>;
  /** Lets go of everything, when the signal aborts also of what hangs; the last call. */
  close(signal: AbortSignal): Promise<void>;
}

/**
 * The other side does not take alerts, and will not: they have failed. Those are the first `count` behind the written
 * ones, all of them if it is not given; the rest is tried again at once.
 */
export class Refused extends Error {
  constructor(
    message: string,
    readonly count = Number.POSITIVE_INFINITY,
  ) {
    super(message);
  }
}

/** The other side asks to be left alone for some time. */
export class NotYet extends Error {
  /** @param afterMs How long, in milliseconds; the alerts' time ends it as well. */
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
