import { AlertTime, microseconds } from "@falco-outputs/core/codec";

/** The alerts of a time window: from `since` on, and before `until`; in nanoseconds since 1970. */
export interface TimeWindow {
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
}

/** The least and the greatest time of some alerts, in microseconds since 1970, rounded down. */
export interface TimeSpan {
  readonly least: number;
  readonly greatest: number;
}

/** The span around others; undefined if there are none. */
export function around(spans: readonly (TimeSpan | undefined)[]): TimeSpan | undefined {
  let span: TimeSpan | undefined;
  for (const each of spans) {
    if (each === undefined) continue;
    span = {
      least: Math.min(each.least, span?.least ?? each.least),
      greatest: Math.max(each.greatest, span?.greatest ?? each.greatest),
    };
  }
  return span;
}

/** A point in time. */
interface Bound {
  readonly seconds: number;
  readonly nanos: number;
  /** Whole microseconds since 1970. */
  readonly us: number;
}

const nanosInSecond = 1_000_000_000n;
const time = new AlertTime();

/** Decides whether alerts are in a time window. */
export class WindowMatcher {
  readonly #since: Bound | undefined;
  readonly #until: Bound | undefined;

  constructor({ since, until }: TimeWindow) {
    this.#since = since === undefined ? undefined : boundOf(since);
    this.#until = until === undefined ? undefined : boundOf(until);
  }

  /** Whether no alert of the span can be in the window. */
  excludes({ least, greatest }: TimeSpan): boolean {
    return (
      (this.#since !== undefined && greatest < this.#since.us) ||
      (this.#until !== undefined && least > this.#until.us)
    );
  }

  /** Whether every alert of the span is in the window. */
  includes({ least, greatest }: TimeSpan): boolean {
    return (
      (this.#since === undefined || least > this.#since.us) &&
      (this.#until === undefined || greatest < this.#until.us)
    );
  }

  /**
   * Whether the encoded alert that is `bytes` from `start` to `end` is in the window.
   * @param arrivalUs When it arrived, in microseconds since 1970; needed if it has no time of its own.
   */
  matches(bytes: Uint8Array, start: number, end: number, arrivalUs: number | undefined): boolean {
    if (!time.read(bytes, start, end)) {
      const arrival = arrivalUs ?? 0;
      time.seconds = Math.floor(arrival / 1_000_000);
      time.nanos = (arrival - time.seconds * 1_000_000) * 1_000;
    }
    return (
      (this.#since === undefined || !isEarlier(time, this.#since)) &&
      (this.#until === undefined || isEarlier(time, this.#until))
    );
  }
}

function boundOf(ns: bigint): Bound {
  const nanos = ((ns % nanosInSecond) + nanosInSecond) % nanosInSecond;
  const seconds = Number((ns - nanos) / nanosInSecond);
  return { seconds, nanos: Number(nanos), us: microseconds(seconds, Number(nanos)) };
}

function isEarlier({ seconds, nanos }: AlertTime, bound: Bound): boolean {
  return seconds < bound.seconds || (seconds === bound.seconds && nanos < bound.nanos);
}
