import { create } from "@bufbuild/protobuf";
import type { AlertContent } from "./codec/content.js";
import { absentValue, listText } from "./codec/content.js";
import { readJson } from "./codec/read-json.js";
import { readText } from "./codec/read-text.js";
import { type OutputsResponse, OutputsResponseSchema } from "./contract.js";
import { Code, FalcoError } from "./error.js";
import { Priority, type PriorityLike, type PriorityName, parsePriority, priorityNames } from "./priority.js";
import { deprecatedSource, sourceName } from "./source.js";
import { formatTime, type Instant, parseTime } from "./time.js";

/**
 * What Falco emits when a rule matches: the contract's `falco.outputs.response`. `JSON.stringify` gives Falco's JSON.
 */
export type Alert = OutputsResponse & { toJSON(): AlertJson };

/** An alert in Falco's JSON form, plus its position in the server's log. */
export interface AlertJson {
  hostname?: string;
  output: string;
  output_fields: Record<string, string>;
  priority: string;
  rule: string;
  /** Absent when the alert came from Falco itself; a string above 2^53. */
  sequence?: number | string;
  source?: string;
  /** Absent in Falco's internal alerts. */
  tags?: string[];
  /** RFC 3339 in UTC with nine fraction digits. */
  time?: string;
}

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

/** A message of the contract with its fields in the order in which protobuf-es makes them, and `toJSON`. */
export class AlertMessage implements OutputsResponse {
  readonly $typeName = "falco.outputs.response";
  priority: Priority = Priority.Emergency;
  sourceDeprecated = 0;
  rule = "";
  output = "";
  outputFields: Record<string, string> = {};
  hostname = "";
  tags: string[] = [];
  source = "";
  sequence = 0n;
  declare time?: OutputsResponse["time"];
  declare $unknown?: OutputsResponse["$unknown"];

  toJSON(): AlertJson {
    return toJson(this);
  }
}

/** A message of the contract as an Alert: the same fields on a prototype that has `toJSON`. */
export function toAlert(message: OutputsResponse): Alert {
  if (message instanceof AlertMessage) return message;
  return Object.assign(Object.create(AlertMessage.prototype) as Alert, message);
}

/** @throws FalcoError with InvalidArgument for a priority or time that is none. */
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

/** Falco's JSON of an alert, on one line. */
export function alertToJson(alert: OutputsResponse): string {
  return JSON.stringify(toJson(alert));
}

/** The priority's name as Falco writes it, e.g. "Warning"; the number as text if Falco has no such priority. */
export function priorityName(alert: Pick<Alert, "priority">): PriorityName | `${number}` {
  return priorityNames[alert.priority] ?? `${alert.priority as number}`;
}

/** When the event happened, to the millisecond; undefined if the alert does not say. */
export function dateOf(alert: Pick<Alert, "time">): Date | undefined {
  // Counted forward from the second, so that a time before 1970 is not rounded up.
  return alert.time && new Date(Number(alert.time.seconds) * 1000 + Math.floor(alert.time.nanos / 1_000_000));
}

/** When the event happened, in nanoseconds since 1970; undefined if the alert does not say. */
export function timeNs(alert: Pick<Alert, "time">): bigint | undefined {
  return alert.time && alert.time.seconds * 1_000_000_000n + BigInt(alert.time.nanos);
}

/** Whether an alert is as severe as `priority`, or more. */
export function isAtLeast(alert: Pick<Alert, "priority">, priority: PriorityLike): boolean {
  return alert.priority <= toPriority(priority);
}

/** @throws FalcoError with InvalidArgument for what is none. */
export function toPriority(priority: PriorityLike): Priority {
  const number = typeof priority === "string" ? parsePriority(priority) : priority;
  if (number !== undefined && priorityNames[number] !== undefined) return number;
  throw new FalcoError(
    `priority: ${JSON.stringify(priority)}, expected one of ${priorityNames.join(", ")}`,
    Code.InvalidArgument,
  );
}

function fieldText(value: FieldValue): string {
  if (value === null) return absentValue;
  return Array.isArray(value) ? listText(value.map(fieldText)) : String(value);
}

function instantOf(time: Date | bigint | string): Instant {
  const instant = typeof time === "string" ? parseTime(time) : instantOfNs(nanoseconds(time));
  if (instant !== undefined) return instant;
  throw new FalcoError(
    `time: ${String(time)}, expected a time from year 1 to 9999, as text in RFC 3339, e.g. "2026-01-31T23:59:59Z"`,
    Code.InvalidArgument,
  );
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

function toJson(alert: OutputsResponse): AlertJson {
  const source = sourceName(alert.source, alert.sourceDeprecated);
  const time = alert.time && formatTime(alert.time.seconds, alert.time.nanos);
  return {
    ...(alert.hostname !== "" && { hostname: alert.hostname }),
    output: alert.output,
    output_fields: alert.outputFields,
    priority: priorityName(alert),
    rule: alert.rule,
    ...(alert.sequence !== 0n && { sequence: jsonInteger(alert.sequence) }),
    ...(source !== "" && { source }),
    ...(source !== "internal" && { tags: alert.tags }),
    ...(time !== undefined && { time }),
  };
}

function jsonInteger(value: bigint): number | string {
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
}
