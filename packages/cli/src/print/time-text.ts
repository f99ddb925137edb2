import { isTimestamp } from "@falco-outputs/core/contract";
import type { Alert } from "@falco-outputs/node";
import type { TimeFormat } from "./choices.js";

type Timestamp = NonNullable<Alert["time"]>;
type FormatTime = (time: Timestamp) => string;

/** When an alert happened, as text. One without a time has that of its arrival. */
export function timeText(alert: Alert, format: TimeFormat): string {
  if (alert.time !== undefined && isTimestamp(alert.time)) return writers[format](alert.time);
  const now = Date.now();
  const arrived = { seconds: BigInt(Math.floor(now / 1_000)), nanos: (now % 1_000) * 1_000_000 } as Timestamp;
  return `arrived:${writers[wholeSeconds[format] ?? format](arrived)}`;
}

/** A time that a server tells, if it does. */
export function timestampText(time: Timestamp | undefined, format: TimeFormat): string {
  return time !== undefined && isTimestamp(time) ? writers[format](time) : "not known";
}

/** An arrival needs no nanoseconds. */
const wholeSeconds: Partial<Record<TimeFormat, TimeFormat>> = {
  rfc3339nano: "rfc3339",
  rfc3339micro: "rfc3339",
  rfc3339milli: "rfc3339",
};

const writers: Readonly<Record<TimeFormat, FormatTime>> = {
  rfc3339nano: (time) => rfc3339(time, 9),
  rfc3339micro: (time) => rfc3339(time, 6),
  rfc3339milli: (time) => rfc3339(time, 3),
  rfc3339: (time) => rfc3339(time, 0),
  rfc1123z: (time) => dateOf(time).toUTCString().replace("GMT", "+0000"),
  stampmilli: stamp,
  local,
  unix: ({ seconds, nanos }) => `${seconds}.${digits(nanos, 9)}`,
  relative: (time) => relative(Date.now() - dateOf(time).getTime()),
};

/** How wide the times of a format are, as a rule. */
export function timeWidth(format: TimeFormat): number {
  return writers[format]({ seconds: BigInt(Math.floor(Date.now() / 1_000)), nanos: 0 } as Timestamp).length;
}

function rfc3339({ seconds, nanos }: Timestamp, fractionDigits: number): string {
  const whole = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19);
  return `${whole}${fractionDigits === 0 ? "" : `.${digits(nanos, 9).slice(0, fractionDigits)}`}Z`;
}

/** As syslog writes it, in the local time. */
function stamp(time: Timestamp): string {
  const date = dateOf(time);
  return `${months[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${clock(date)}`;
}

/** The local time with its offset, in RFC 3339. */
function local(time: Timestamp): string {
  const date = dateOf(time);
  const day = [digits(date.getFullYear(), 4), digits(date.getMonth() + 1, 2), digits(date.getDate(), 2)];
  const offset = -date.getTimezoneOffset();
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${day.join("-")}T${clock(date)}${offset < 0 ? "-" : "+"}${digits(hours, 2)}:${digits(minutes, 2)}`;
}

function clock(date: Date): string {
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => digits(part, 2));
  return `${parts.join(":")}.${digits(date.getMilliseconds(), 3)}`;
}

/** How long ago, in the two largest units. */
function relative(agoMs: number): string {
  const seconds = Math.floor(Math.abs(agoMs) / 1_000);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ] as const;
  const first = Math.max(
    0,
    parts.findIndex(([count]) => count > 0),
  );
  const shown =
    seconds === 0 ? ["0s"] : parts.slice(first, first + 2).map(([count, unit]) => `${count}${unit}`);
  return agoMs < 0 ? `in ${shown.join("")}` : `${shown.join("")} ago`;
}

function dateOf({ seconds, nanos }: Timestamp): Date {
  return new Date(Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000));
}

function digits(number: number, count: number): string {
  return String(number).padStart(count, "0");
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
