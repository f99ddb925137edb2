import { textPrefix } from "@falco-outputs/core/codec";
import { printable, printableJson } from "@falco-outputs/core/printable";
import { type Alert, alertToJson, priorityName } from "@falco-outputs/node";
import type { Format } from "./choices.js";
import { colored } from "./color.js";

/** One line for an alert, without a line end. JSON is Falco's own plus `sequence`. */
export function formatAlert(alert: Alert, format: Format, color: boolean): string {
  return format === "json" ? printableJson(alertToJson(alert)) : compact(alert, color);
}

/** Time, priority, rule and output. An alert's text is an attacker's at times. */
function compact(alert: Alert, color: boolean): string {
  const time = alert.toJSON().time ?? arrivalTime();
  const name = priorityName(alert).padEnd(longestPriority);
  // Falco writes time and priority before the output as well.
  const output = alert.output.replace(textPrefix, "");
  const text = [alert.rule, output].filter((part) => part !== "").join(": ");
  return `${time} ${color ? colored(name, alert.priority) : name} ${printable(text)}`;
}

/** What stands for the time of an alert without one. As wide as a time of Falco's. */
function arrivalTime(): string {
  return `arrived:${new Date().toISOString().replace(/\.\d+/, "")}`.padEnd(
    "2026-06-02T09:14:07.123456789Z".length,
  );
}

const longestPriority = "Informational".length;
