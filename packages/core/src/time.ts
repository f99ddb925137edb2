type Timestamp = { readonly seconds: bigint; readonly nanos: number };

/** A point in time as google.protobuf.Timestamp has it. */
export interface Instant {
  /** Seconds since 1970-01-01T00:00:00Z. */
  seconds: number;
  /** 0 to 999,999,999, counting forward. */
  nanos: number;
}

const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):?(\d\d))$/;
// The range of google.protobuf.Timestamp: years 1 to 9999.
const minSeconds = -62_135_596_800;
const maxSeconds = 253_402_300_799;

/**
 * Reads an RFC 3339 time with 0 to 9 fraction digits and any offset, the colon in it optional (older Falco wrote
 * "+0000"). Undefined if the text is none, or no such day exists.
 */
export function parseTime(text: string): Instant | undefined {
  const m = rfc3339.exec(text);
  if (m === null) return undefined;
  const [year, month, day] = [Number(m[1]), Number(m[2]), Number(m[3])];
  const [hour, minute, second] = [Number(m[4]), Number(m[5]), Number(m[6])];
  const offset = m[8] === undefined ? 0 : (m[8] === "-" ? -60 : 60) * (Number(m[9]) * 60 + Number(m[10]));
  if (hour > 23 || minute > 59 || second > 60 || Number(m[9] ?? 0) > 23 || Number(m[10] ?? 0) > 59) return;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset;
  if (seconds < minSeconds || seconds > maxSeconds) return undefined;
  return { seconds, nanos: nanosOf(m[7]) };
}

/** Nanoseconds from the digits after a decimal point. */
export function nanosOf(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits.padEnd(9, "0"));
}

/** RFC 3339 in UTC with nine fraction digits, as Falco writes `time`; undefined outside the years 1 to 9999. */
export function formatTime(seconds: bigint, nanos: number): string | undefined {
  if (seconds < minSeconds || seconds > maxSeconds || nanos < 0 || nanos > 999_999_999) return undefined;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(nanos).padStart(9, "0")}Z`;
}

/** Whether a google.protobuf.Timestamp is one: the years 1 to 9999, and nanoseconds from 0 to 999,999,999. */
export function isTimestamp({ seconds, nanos }: Timestamp): boolean {
  return seconds >= minSeconds && seconds <= maxSeconds && nanos >= 0 && nanos <= 999_999_999;
}

/** Nanoseconds since 1970. */
export function timestampNs({ seconds, nanos }: Timestamp): bigint {
  return seconds * 1_000_000_000n + BigInt(nanos);
}
