import type { Priority } from "../priority.js";
import type { Instant } from "../time.js";

/**
 * What an alert says, on its way from one form to another. Output fields are a map, so that no field name is special
 * (`__proto__` is a name like any other) and their order is kept.
 */
export interface AlertContent {
  time: Instant | undefined;
  priority: Priority;
  rule: string;
  output: string;
  outputFields: Map<string, string>;
  hostname: string;
  tags: readonly string[];
  source: string;
}

/** The text that Falco's gRPC API has for an absent value. */
export const absentValue = "<NA>";

/** The text that Falco's gRPC API has for a list. */
export function listText(items: readonly string[]): string {
  return `(${items.join(",")})`;
}
