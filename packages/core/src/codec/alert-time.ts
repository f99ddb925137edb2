import { FieldWalk, int32At, int64At } from "./field-walk.js";
import { alertField } from "./wire.js";

const timeField = { seconds: 1, nanos: 2 } as const;
const nanosInSecond = 1_000_000_000;

const alertWalk = new FieldWalk();
const timeWalk = new FieldWalk();

/** The own time of an alert that is still encoded. */
export class AlertTime {
  /** Seconds since 1970-01-01T00:00:00Z; rounded if they are beyond 2^53. */
  seconds = 0;
  /** 0 to 999,999,999. */
  nanos = 0;

  /**
   * Reads the time of the alert that is `bytes` from `start` to `end`; false if it has none. Parts that come more than
   * once are merged, as decoders do it.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    let isThere = false;
    let seconds = 0;
    let nanos = 0;
    alertWalk.open(bytes, start, end);
    while (alertWalk.next()) {
      if (alertWalk.field !== alertField.time) continue;
      isThere = true;
      timeWalk.open(bytes, alertWalk.start, alertWalk.end);
      while (timeWalk.next()) {
        if (timeWalk.field === timeField.seconds) seconds = int64At(bytes, timeWalk.start);
        else if (timeWalk.field === timeField.nanos) nanos = int32At(bytes, timeWalk.start);
      }
    }
    // Nobody but Falco itself keeps to the range.
    const carried = Math.floor(nanos / nanosInSecond);
    this.seconds = seconds + carried;
    this.nanos = nanos - carried * nanosInSecond;
    return isThere;
  }
}

const time = new AlertTime();

/** An encoded alert's own time in microseconds since 1970, rounded down; NaN if it has none. */
export function alertTimeUs(bytes: Uint8Array, start: number, end: number): number {
  return time.read(bytes, start, end) ? microseconds(time.seconds, time.nanos) : Number.NaN;
}

/** Whole microseconds since 1970; a later time never has fewer. */
export function microseconds(seconds: number, nanos: number): number {
  return seconds * 1_000_000 + Math.floor(nanos / 1_000);
}
