import type { ExpectedAlert } from "./case.js";
import type { CallResult, NeutralAlert } from "./protocol.js";

/**
 * What an archived client shows of an alert: neither the source's name nor the sequence number, and a time that went
 * through a float, which for an alert without one is 1970.
 */
export function visibleFields<A extends ExpectedAlert | NeutralAlert>(alert: A, isTimed: boolean): A {
  const { time = "1970-01-01T00:00:00.000000000Z", ...rest } = alert;
  const visible = { ...rest, source: "", ...(isTimed && { time: roundedTime(time) }) };
  if ("sequence" in visible) delete visible.sequence;
  if ("time_of_day" in visible) delete visible.time_of_day;
  return visible as A;
}

/** What an archived client shows of a version: what there was when it was written. */
export function visibleVersion(
  expected: Record<string, string | number>,
  { version: seen = {} }: CallResult,
): Record<string, string | number> {
  return Object.fromEntries(Object.entries(expected).filter(([name]) => name in seen));
}

/** In units of ten microseconds. */
function roundedTime(time: string): string {
  const [, whole, nanos] = /^(.*)\.(\d{9})Z$/.exec(time) ?? [];
  if (whole === undefined) return time;
  return String(Math.round(Date.parse(`${whole}Z`) * 100 + Number(nanos) / 10_000));
}
