import type { OutputsResponse } from "./contract.js";
import { Priority, type PriorityName, priorityNames } from "./priority.js";
import { sourceName } from "./source.js";
import { formatTime } from "./time.js";

/** The contract's message without the part that makes it a heartbeat. */
type AlertFields = Omit<OutputsResponse, "scanned">;

/**
 * What Falco emits when a rule matches: the contract's `falco.outputs.response`. `JSON.stringify` returns Falco's JSON.
 */
export interface Alert extends AlertFields {
  toJSON(): AlertJson;
}

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
  /** Of heartbeats, which are not alerts. On the prototype, so that an alert does not show it. */
  declare scanned: bigint;
  declare time?: OutputsResponse["time"];
  declare $unknown?: OutputsResponse["$unknown"];

  toJSON(): AlertJson {
    return toJson(this);
  }
}

Object.defineProperty(AlertMessage.prototype, "scanned", { value: 0n, writable: true });

/** A message of the contract as an Alert: the same fields on a prototype that has `toJSON`; `scanned` only if it is set. */
export function toAlert(message: OutputsResponse): Alert {
  if (message instanceof AlertMessage) return message;
  const { scanned, ...fields } = message;
  return Object.assign(
    Object.create(AlertMessage.prototype) as Alert,
    isHeartbeat(message) ? message : fields,
  );
}

/** Whether a response is not an alert. Of one that an interceptor has copied, the prototype's field is missing. */
export function isHeartbeat({ scanned }: { readonly scanned?: bigint }): boolean {
  return scanned !== undefined && scanned !== 0n;
}

/** Falco's JSON of an alert, on one line. */
export function alertToJson(alert: AlertFields): string {
  return JSON.stringify(toJson(alert));
}

/** The priority's name as Falco writes it, e.g. "Warning"; the number as text if Falco has no such priority. */
export function priorityName(alert: Pick<Alert, "priority">): PriorityName | `${number}` {
  return priorityNames[alert.priority] ?? `${alert.priority as number}`;
}

function toJson(alert: AlertFields): AlertJson {
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
