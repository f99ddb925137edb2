import type { ExpectedAlert } from "./case.js";
import { differences } from "./differences.js";
import type { NeutralAlert } from "./protocol.js";

const hourMs = 60 * 60 * 1000;

/** Where an alert differs from what is expected of it. Its sequence number and its JSON are judged elsewhere. */
export function alertDifferences(
  { time_of_day, ...expected }: ExpectedAlert,
  { sequence, json, ...seen }: NeutralAlert,
  where: string,
): string[] {
  const whole = {
    source_deprecated: 0,
    rule: "",
    output: "",
    output_fields: {},
    hostname: "",
    tags: [],
    source: "",
    ...expected,
  };
  const { time, ...rest } = seen;
  if (expected.time === "now") {
    return [...nowDifferences(time, where), ...differences({ ...whole, time: undefined }, rest, where)];
  }
  if (time_of_day === undefined) return differences(whole, seen, where);
  return [...clockDifferences(time_of_day, time, where), ...differences(whole, rest, where)];
}

/** A minute is more than any case takes. */
function nowDifferences(time = "", where: string): string[] {
  const isNear = Math.abs(Date.parse(time) - Date.now()) <= 60_000;
  return isNear ? [] : [`${where}.time: expected now, saw ${time || "nothing"}`];
}

/** A time without a date is one of the local clock, on the day that brings it nearest to now. */
function clockDifferences(clock: string, time: string | undefined, where: string): string[] {
  if (time === undefined) return [`${where}.time: expected ${clock} of a day, saw nothing`];
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  const local = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${time.slice(19, -1)}`;
  // Half a day, and an hour for a change of the clock on the way.
  const isNear = Math.abs(date.getTime() - Date.now()) <= 13 * hourMs;
  return [
    ...differences(clock, local, `${where}.time on the local clock`),
    ...(isNear ? [] : [`${where}.time: expected the day nearest to now, saw ${time}`]),
  ];
}
