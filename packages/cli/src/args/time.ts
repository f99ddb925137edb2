const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const durations = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/;
const offset = "(?<offset>[Zz]|[+-]\\d\\d:?\\d\\d)?";
const clock = `(?<minutes>\\d\\d:\\d\\d)(?::(?<seconds>\\d\\d)(?:\\.(?<fraction>\\d{1,9}))?)?`;
const dateTime = new RegExp(`^(?<date>\\d{4}-\\d\\d-\\d\\d)(?:[Tt ]${clock}${offset})?$`);

/**
 * A point in time, in nanoseconds since 1970: how long ago (90m, 2h, 1d, 1h30m), or a date, also with a time and an
 * offset as in RFC 3339. Without an offset, it is one of the local clock. Undefined for anything else.
 */
export function timeNs(text: string, now: number = Date.now()): bigint | undefined {
  const ago = spanMs(text);
  if (ago !== undefined) return nanoseconds(now - ago);
  const match = dateTime.exec(text)?.groups ?? {};
  const { date, minutes = "00:00", seconds = "00", fraction = "", offset = "" } = match;
  if (date === undefined || !isDay(date)) return undefined;
  const ms = Date.parse(`${date}T${minutes}:${seconds}${offset.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : nanoseconds(ms) + BigInt(fraction.padEnd(9, "0"));
}

/** A length of time in milliseconds: 90m, 2h, 7d, 1h30m. Undefined for anything else. */
export function spanMs(text: string): number | undefined {
  if (!durations.test(text)) return undefined;
  const parts = [...text.matchAll(/([\d.]+)(ms|[smhdw])/g)];
  return Math.round(parts.reduce((sum, [, number, unit]) => sum + Number(number) * unitMs[unit!]!, 0));
}

function nanoseconds(ms: number): bigint {
  return BigInt(ms) * 1_000_000n;
}

/** JavaScript takes February 31 for March 3. */
function isDay(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date);
}
