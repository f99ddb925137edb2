import { type Priority, parsePriority } from "../priority.js";
import { type Instant, nanosOf, parseTime } from "../time.js";
import type { AlertContent } from "./content.js";

/** What stands before the output in Falco's text form, and in the `output` of its JSON: time and priority. */
export const textPrefix =
  /^(?:(?<clock>\d\d:\d\d:\d\d(?:\.\d{1,9})?)|(?<iso>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)): (?<priority>[A-Za-z]+) /;

/**
 * Reads one alert in Falco's text form (`json_output: false`): `13:53:31.726060287: Critical Some text (user=root)`,
 * or with an ISO time in front. The output is the text behind that prefix; rule, source and fields are not in it.
 * Undefined if the line does not begin so.
 * @param now When the line arrived. A time without a date is one of the local clock, as Falco writes it, on the day
 * that brings it nearest to `now`.
 */
export function readText(line: string, now: Date = new Date()): AlertContent | undefined {
  const match = textPrefix.exec(line);
  if (match === null) return undefined;
  const { clock, iso, priority: name } = match.groups as { clock?: string; iso?: string; priority: string };
  const priority: Priority | undefined = parsePriority(name);
  const time = clock === undefined ? isoTime(iso!) : clockTime(clock, now);
  if (priority === undefined || time === undefined) return undefined;
  return {
    time,
    priority,
    rule: "",
    output: line.slice(match[0].length),
    outputFields: new Map(),
    hostname: "",
    tags: [],
    source: "",
  };
}

function isoTime(text: string): Instant | undefined {
  return parseTime(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
}

function clockTime(clock: string, now: Date): Instant | undefined {
  const [time, fraction] = clock.split(".");
  const [hour, minute, second] = time!.split(":").map(Number) as [number, number, number];
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const [nearest] = [-1, 0, 1]
    .map((day) =>
      new Date(now.getFullYear(), now.getMonth(), now.getDate() + day, hour, minute, second).getTime(),
    )
    .sort((a, b) => Math.abs(a - now.getTime()) - Math.abs(b - now.getTime()));
  return { seconds: nearest! / 1000, nanos: nanosOf(fraction) };
}
