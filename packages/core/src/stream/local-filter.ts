import type { Alert } from "../alert-message.js";
import { toPriority } from "../priority.js";
import type { AlertFilter } from "./options.js";

/** A filter as the contract has it. */
export type RequestFilter = ReturnType<typeof toRequestFilter>;

/** @throws OptionError for the name of a priority that there is not. */
export function toRequestFilter({
  minPriority,
  tags = [],
  rules = [],
  sources = [],
  hostnames = [],
}: AlertFilter) {
  return {
    // A number is judged with the rest of the request, in the server's words.
    ...(minPriority !== undefined && {
      minPriority: typeof minPriority === "number" ? minPriority : toPriority(minPriority, "minPriority"),
    }),
    tags: [...tags],
    rules: [...rules],
    sources: [...sources],
    hostnames: [...hostnames],
  };
}

/** Decides as the server does. */
export function matcherOf({ minPriority, tags, rules, sources, hostnames }: RequestFilter) {
  const any = (values: readonly string[], wanted: readonly string[]) =>
    wanted.length === 0 || values.some((value) => wanted.includes(value));
  return (alert: Alert): boolean =>
    (minPriority === undefined || alert.priority <= minPriority) &&
    any(alert.tags, tags) &&
    any([alert.rule], rules) &&
    any([alert.source], sources) &&
    any([alert.hostname], hostnames);
}
