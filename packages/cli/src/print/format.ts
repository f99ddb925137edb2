import { textPrefix } from "@falco-outputs/core/codec";
import { type Alert, alertToJson, priorityName } from "@falco-outputs/node";
import { colored } from "./color.js";
import { printable, printableJson } from "./printable.js";

export const formats = ["compact", "json"] as const;
export type Format = (typeof formats)[number];

/** One line for an alert, without a line end. */
export function formatAlert(alert: Alert, format: Format, color: boolean): string {
  return format === "json" ? json(alert) : compact(alert, color);
}

/** Falco's own JSON plus `sequence`. */
function json(alert: Alert): string {
  return printableJson(alertToJson(alert));
}

/** Time, priority, rule and output. An alert's text is an attacker's at times. */
function compact(alert: Alert, color: boolean): string {
  const { time = "-" } = alert.toJSON();
  const name = priorityName(alert).padEnd(longestPriority);
  // Falco writes time and priority before the output as well.
  const output = alert.output.replace(textPrefix, "");
  const text = [alert.rule, output].filter((part) => part !== "").join(": ");
  return `${time} ${color ? colored(name, alert.priority) : name} ${printable(text)}`;
}

const longestPriority = "Informational".length;
