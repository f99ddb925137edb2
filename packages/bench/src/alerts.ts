import { encodeLine } from "@falco-outputs/core/codec";
import { type Alert, rules, Values } from "./rules.js";

/** How many different alerts there are; more of them are these again. */
const distinct = 2048;
/** An alert encoded: at least so many bytes, and at most so many more. */
const leastBytes = 705;
const spanBytes = 90;

/** One and the same set of alerts in every process and run, in the two forms that servers start from. */
export interface AlertSet {
  /** As Falco writes them, without a line end. */
  readonly lines: readonly string[];
  /** The same as bytes of a `falco.outputs.response`. */
  readonly encoded: readonly Uint8Array[];
}

let made: AlertSet | undefined;

/** The 2,048 alerts; made once in a process. */
export function makeAlerts(): AlertSet {
  made ??= make();
  return made;
}

function make(): AlertSet {
  const lines = Array.from({ length: distinct }, (_, index) => makeLine(index));
  return { lines, encoded: lines.map((line) => encodeLine(line)) };
}

/** Falco's JSON of the alert with this number, 700 to 800 bytes when encoded. */
function makeLine(index: number): string {
  const values = new Values(index);
  const alert = rules[index % rules.length]!(values);
  const wanted = leastBytes + Math.floor(values.fraction() * spanBytes);
  const missing = wanted - encodeLine(format(alert, values)).length;
  // Command lines are as long as they are; one of them makes the size right.
  const fields = { ...alert.fields, [alert.growing]: alert.fields[alert.growing] + values.words(missing) };
  return format({ ...alert, fields }, values);
}

/** Keys in alphabetical order, and every digit of an integer, as Falco has them. */
function format({ rule, priority, source, tags, output, fields }: Alert, { time, clock, hostname }: Values) {
  const json = {
    hostname,
    output: `${clock}: ${priority} ${output}`,
    output_fields: Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))),
    priority,
    rule,
    source,
    ...(tags !== undefined && { tags }),
    time,
  };
  const bare = JSON.stringify(json, (_, value) => (typeof value === "bigint" ? `\u0000${value}` : value));
  return bare.replace(/"\\u0000(\d+)"/g, "$1");
}
