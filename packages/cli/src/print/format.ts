import { type Alert, alertToJson, priorityName } from "@falco-outputs/node";
import { colored } from "./color.js";

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

/** Time, priority, rule and output. An alert's text is an attacker's at times: no character of it reaches a terminal as a command. */
function compact(alert: Alert, color: boolean): string {
  const { time = "-" } = alert.toJSON();
  const name = priorityName(alert).padEnd(longestPriority);
  // Falco puts time and priority in front of the output as well.
  const output = alert.output.replace(/^[\dT:.+Z-]+: [A-Z][a-z]+ /, "");
  const text = [alert.rule, output].filter((part) => part !== "").join(": ");
  return `${time} ${color ? colored(name, alert.priority) : name} ${text.replace(controls, escaped)}`;
}

const longestPriority = "Informational".length;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
const terminalControls = /[\u007f-\u009f]/g;

function escaped(character: string): string {
  const known: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return known[character] ?? `\\x${hex(character, 2)}`;
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, "0");
}
