import { create } from "@bufbuild/protobuf";
import { type Alert, toAlert } from "./alert-message.js";
import type { AlertContent } from "./codec/content.js";
import { absentValue, listText } from "./codec/content.js";
import { readJson } from "./codec/read-json.js";
import { readText } from "./codec/read-text.js";
import { OutputsResponseSchema } from "./contract.js";
import { OptionError } from "./option-error.js";
import { type PriorityLike, toPriority } from "./priority.js";
import { deprecatedSource } from "./source.js";
import { formatTime, type Instant, parseTime, timestampNs } from "./time.js";

/** A value of `output_fields`, as Falco's JSON can hold it. */
export type FieldValue = string | number | bigint | boolean | null | readonly FieldValue[];

/** What an alert is made from by hand. */
export interface AlertInit {
  rule: string;
  priority: PriorityLike;
  output?: string;
  /** Numbers and booleans become their text, null "<NA>", a list "(a,b)". */
  outputFields?: Readonly<Record<string, FieldValue>>;
  /** A Date, nanoseconds since 1970, or RFC 3339. Default: now. */
  time?: Date | bigint | string;
  hostname?: string;
  tags?: readonly string[];
  /** Default: "syscall". */
  source?: string;
}

/** @throws OptionError for a priority or time that is not one. */
export function createAlert(init: AlertInit): Alert {
  return fromContent(contentOf(init));
}

/** The same as `createAlert`, in the form that the codec encodes. */
export function contentOf(init: AlertInit): AlertContent {
  const fields = Object.entries(init.outputFields ?? {});
  return {
    time: instantOf(init.time ?? new Date()),
    priority: toPriority(init.priority),
    rule: init.rule,
    output: init.output ?? "",
    outputFields: new Map(fields.map(([name, value]) => [name, fieldText(value)])),
    hostname: init.hostname ?? "",
    tags: init.tags ?? [],
    source: init.source ?? "syscall",
  };
}

/**
 * An alert from Falco's JSON, digit for digit.
 * @throws FalcoError with InvalidArgument that says what is wrong.
 */
export function alertFromJson(text: string): Alert {
  return fromContent(readJson(text));
}

/** An alert from Falco's text form (`json_output: false`); undefined if the line is none. See `readText`. */
export function alertFromText(line: string, now?: Date): Alert | undefined {
  const content = readText(line, now);
  return content && fromContent(content);
}

/** When the event happened, to the millisecond; undefined if the alert does not say. */
export function dateOf(alert: Pick<Alert, "time">): Date | undefined {
  // Counted forward from the second, so that a time before 1970 is not rounded up.
  return alert.time && new Date(Number(alert.time.seconds) * 1000 + Math.floor(alert.time.nanos / 1_000_000));
}

/** When the event happened, in nanoseconds since 1970; undefined if the alert does not say. */
export function timeNs(alert: Pick<Alert, "time">): bigint | undefined {
  return alert.time && timestampNs(alert.time);
}

/** Whether an alert is as severe as `priority`, or more. */
export function isAtLeast(alert: Pick<Alert, "priority">, priority: PriorityLike): boolean {
  return alert.priority <= toPriority(priority);
}

function fieldText(value: FieldValue): string {
  if (value === null) return absentValue;
  return Array.isArray(value) ? listText(value.map(fieldText)) : String(value);
}

function instantOf(time: Date | bigint | string): Instant {
  const instant = typeof time === "string" ? parseTime(time) : instantOfNs(nanoseconds(time));
  if (instant !== undefined) return instant;
  throw new OptionError({
    option: "time",
    got: time instanceof Date ? String(time) : time,
    expected: 'a time from year 1 to 9999, as text in RFC 3339, e.g. "2026-01-31T23:59:59Z"',
  });
}

function nanoseconds(time: Date | bigint): bigint | undefined {
  if (typeof time === "bigint") return time;
  return Number.isNaN(time.getTime()) ? undefined : BigInt(time.getTime()) * 1_000_000n;
}

function instantOfNs(ns: bigint | undefined): Instant | undefined {
  if (ns === undefined) return undefined;
  const nanos = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (ns - nanos) / 1_000_000_000n;
  return formatTime(seconds, 0) === undefined
    ? undefined
    : { seconds: Number(seconds), nanos: Number(nanos) };
}

function fromContent({ time, outputFields, tags, ...content }: AlertContent): Alert {
  return toAlert(
    create(OutputsResponseSchema, {
      ...content,
      sourceDeprecated: deprecatedSource(content.source),
      tags: [...tags],
      // fromEntries defines properties, so that "__proto__" is a field like any other.
      outputFields: Object.fromEntries(outputFields),
      ...(time && { time: { seconds: BigInt(time.seconds), nanos: time.nanos } }),
    }),
  );
}
