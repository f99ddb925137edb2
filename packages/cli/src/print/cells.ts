import { textPrefix } from "@falco-outputs/core/codec";
import { printable } from "@falco-outputs/core/printable";
import { type Alert, priorityName } from "@falco-outputs/node";
import type { TimeFormat } from "./choices.js";
import { timeText } from "./time-text.js";

/** What stands for something that an alert does not have. */
const nothing = "-";

/** What an alert says of itself, beside its output fields. */
const ownCells: Readonly<Record<string, (alert: Alert) => string>> = {
  priority: priorityName,
  rule: ({ rule }) => rule,
  output: outputText,
  source: ({ source }) => source,
  hostname: ({ hostname }) => hostname,
  tags: ({ tags }) => tags.join(","),
  sequence: ({ sequence }) => (sequence === 0n ? "" : `${sequence}`),
};

/** A part of an alert by its name, or an output field; in one line, safe to print. */
export function cell(alert: Alert, name: string, timeFormat: TimeFormat): string {
  if (name === "time") return timeText(alert, timeFormat);
  const text = Object.hasOwn(ownCells, name)
    ? ownCells[name]!(alert)
    : Object.hasOwn(alert.outputFields, name)
      ? alert.outputFields[name]!
      : "";
  return text === "" ? nothing : printable(text);
}

/** An alert's output without the time and priority that Falco writes before it as well. */
export function outputText({ output }: Alert): string {
  return output.replace(textPrefix, "");
}
