import { priority as Enum } from "./gen/falco/schema/schema_pb.js";
import { OptionError } from "./option-error.js";

/**
 * Severity of a rule, as in falco.schema.priority: 0 is the most severe, 7 the least.
 * The names are a table of our own, since the contract's enum has three for each number.
 */
export const Priority = {
  Emergency: Enum.EMERGENCY,
  Alert: Enum.ALERT,
  Critical: Enum.CRITICAL,
  Error: Enum.ERROR,
  Warning: Enum.WARNING,
  Notice: Enum.NOTICE,
  Informational: Enum.INFORMATIONAL,
  Debug: Enum.DEBUG,
} as const;
export type Priority = (typeof Priority)[keyof typeof Priority];

/** A priority's name as Falco writes it in its JSON. */
export type PriorityName = keyof typeof Priority;

/** How a caller may name a priority: Falco's name in any case, "info" for Informational, or the number. */
export type PriorityLike = PriorityName | Lowercase<PriorityName> | "info" | "Info" | Priority;

/** The names, most severe first; the index is the number. */
export const priorityNames: readonly PriorityName[] = [
  "Emergency",
  "Alert",
  "Critical",
  "Error",
  "Warning",
  "Notice",
  "Informational",
  "Debug",
];

const numbers = new Map<string, Priority>([
  ...priorityNames.map((name) => [name.toLowerCase(), Priority[name]] as const),
  ["info", Priority.Informational],
]);

/** The priority of a name in any case (Falco accepts the eight names and "info"); undefined for anything else. */
export function parsePriority(name: string): Priority | undefined {
  return numbers.get(name.toLowerCase());
}

/**
 * The priority of a name or number.
 * @param option What the priority is called where it was given.
 * @throws OptionError for what is not one.
 */
export function toPriority(priority: PriorityLike, option = "priority"): Priority {
  const number = typeof priority === "string" ? parsePriority(priority) : priority;
  if (number !== undefined && priorityNames[number] !== undefined) return number;
  throw new OptionError({ option, got: priority, expected: `one of ${priorityNames.join(", ")}` });
}
