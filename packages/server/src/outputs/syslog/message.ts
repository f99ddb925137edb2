import type { FormattedAlerts } from "../sink.js";

/** An alert as a syslog message. */
export interface Message {
  /** Facility times 8 plus severity. */
  readonly pri: number;
  readonly time: Time;
  readonly tag: string;
  /** The alert's line, without its newline. */
  readonly text: Uint8Array;
}

export interface Time {
  readonly date: Date;
  /** The microseconds of the date's second. */
  readonly micros: number;
}

/** From then on, in microseconds, a year has more than four digits. */
const endUs = Date.UTC(10_000, 0) * 1000;

/**
 * The alert at `index`. A priority is a severity: the eight are the same, with the same numbers.
 * @param facility Its number.
 */
export function messageOf(alerts: FormattedAlerts, index: number, facility: number, tag: string): Message {
  const { bytes, ends, priorities, timesUs } = alerts;
  return {
    pri: facility * 8 + (priorities[index]! & 7),
    time: timeOf(timesUs?.[index] ?? 0),
    tag,
    text: bytes.subarray(index === 0 ? 0 : ends[index - 1]!, ends[index]! - 1),
  };
}

/** @param us Microseconds since 1970. The present if that is not a time that can be written. */
function timeOf(us: number): Time {
  const known = us > 0 && us < endUs ? us : Date.now() * 1000;
  return { date: new Date(Math.floor(known / 1000)), micros: known % 1_000_000 };
}
