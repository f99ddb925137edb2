import { type Priority, parsePriority, priorityNames } from "../priority.js";
import { type Instant, nanosOf, parseTime } from "../time.js";
import type { AlertContent } from "./content.js";

const clock = String.raw`\d\d:\d\d:\d\d(?:\.\d{1,9})?`;
const iso = String.raw`\d{4}-\d\d-\d\d[T ]${clock}(?:Z|[+-]\d\d:?\d\d)?`;
const priorities = [...priorityNames, "info"].map(inAnyCase).join("|");

/** What Falco's text form begins with, and the `output` of its JSON: a time and a priority. */
export const textPrefix = new RegExp(`^(?:(?<clock>${clock})|(?<iso>${iso})): (?<priority>${priorities}) `);

/**
 * Reads one alert in Falco's text form (`json_output: false`): `13:53:31.726060287: Critical Some text (user=root)`,
 * or with an ISO time in front. The output is the whole text, as in Falco's gRPC API; rule, source and fields are not in
 * it. Undefined if the text does not begin so.
 * @param now When the text arrived. A time without a date is one of the local clock, as Falco writes it, on the day
 * that brings it nearest to `now`.
 */
export function readText(text: string, now: Date = new Date()): AlertContent | undefined {
  const match = textPrefix.exec(text);
  if (match === null) return undefined;
  const { clock, iso, priority: name } = match.groups as { clock?: string; iso?: string; priority: string };
  const priority: Priority | undefined = parsePriority(name);
  const time = clock === undefined ? isoTime(iso!) : clockTime(clock, now);
  if (priority === undefined || time === undefined) return undefined;
  return {
    time,
    priority,
    rule: "",
    output: text,
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

/** A pattern: the whole prefix must not ignore case, since "t" is not a "T" in a time. */
function inAnyCase(name: string): string {
  return name.replace(/./g, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`);
}
