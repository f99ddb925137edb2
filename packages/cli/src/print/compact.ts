import { printable } from "@falco-outputs/core/printable";
import { type Alert, priorityName } from "@falco-outputs/node";
import { outputText } from "./cells.js";
import { colored } from "./color.js";
import type { Look } from "./printer.js";
import { timeText, timeWidth } from "./time-text.js";

export const longestPriority = "Informational".length;

/** Time, priority, rule and output. An alert's text is an attacker's at times. */
export function compact(alert: Alert, { timeFormat, color }: Look): string {
  const time = timeText(alert, timeFormat).padEnd(timeWidth(timeFormat));
  const name = priorityName(alert).padEnd(longestPriority);
  const text = [alert.rule, outputText(alert)].filter((part) => part !== "").join(": ");
  return `${time} ${color ? colored(name, alert.priority) : name} ${printable(text)}`;
}
