import { textPrefix } from "@falco-outputs/core/codec";
import { type Alert, alertToJson, priorityName } from "@falco-outputs/node";
import { colored } from "./color.js";
import { hex, printable } from "./printable.js";

export const formats = ["compact", "json"] as const;
export type Format = (typeof formats)[number];

/** One line for an alert, without a line end. */
export function formatAlert(alert: Alert, format: Format, color: boolean): string {
  return format === "json" ? json(alert) : compact(alert, color);
}

/** Falco's own JSON plus `sequence`. A terminal takes some of what JSON leaves as it is for commands: escape it. */
function json(alert: Alert): string {
  return alertToJson(alert).replace(terminalControls, (c) => `\\u${hex(c, 4)}`);
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
const terminalControls = /[\u007f-\u009f]/g;
