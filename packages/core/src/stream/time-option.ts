import { OptionError } from "../option-error.js";
import { isTimestamp } from "../time.js";

/** As google.protobuf.Timestamp has it. */
interface Timestamp {
  readonly seconds: bigint;
  readonly nanos: number;
}

const nanosPerSecond = 1_000_000_000n;

/**
 * A point in time: a Date, or nanoseconds since 1970.
 * @throws OptionError for what is neither, or outside the years 1 to 9999.
 */
export function timeOption(
  option: "since" | "until",
  time: Date | bigint | undefined,
): Timestamp | undefined {
  if (time === undefined) return undefined;
  const ns = time instanceof Date ? nanosecondsOf(time) : time;
  const timestamp = typeof ns === "bigint" ? timestampOf(ns) : undefined;
  if (timestamp !== undefined && isTimestamp(timestamp)) return timestamp;
  throw new OptionError({
    option,
    got: time,
    expected: "a Date, or nanoseconds since 1970 as a bigint, in the years 1 to 9999",
  });
}

/** Undefined for an invalid date. */
function nanosecondsOf(date: Date): bigint | undefined {
  const ms = date.getTime();
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n;
}

function timestampOf(ns: bigint): Timestamp {
  const nanos = ((ns % nanosPerSecond) + nanosPerSecond) % nanosPerSecond;
  return { seconds: (ns - nanos) / nanosPerSecond, nanos: Number(nanos) };
}
