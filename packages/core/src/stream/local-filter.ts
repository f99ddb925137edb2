import type { Alert } from "../alert-message.js";
import { filterFields, type ListFilter, listFilters } from "../filter.js";
import { toPriority } from "../priority.js";
import type { AlertFilter } from "./options.js";

/** A filter as the contract has it. */
export type RequestFilter = ReturnType<typeof toRequestFilter>;

/** @throws OptionError for the name of a priority that there is not. */
export function toRequestFilter(filter: AlertFilter) {
  const { minPriority } = filter;
  const lists = Object.fromEntries(listFilters.map((name) => [name, [...(filter[name] ?? [])]]));
  return {
    // A number is judged with the rest of the request, in the server's words.
    ...(minPriority !== undefined && {
      minPriority: typeof minPriority === "number" ? minPriority : toPriority(minPriority, "minPriority"),
    }),
    ...(lists as Record<ListFilter, string[]>),
  };
}

/** Decides as the server does. */
export function matcherOf({ minPriority, ...lists }: RequestFilter): (alert: Alert) => boolean {
  const wanted = listFilters.filter((name) => lists[name].length > 0);
  return (alert) =>
    (minPriority === undefined || alert.priority <= minPriority) &&
    wanted.every((name) => [alert[filterFields[name]]].flat().some((value) => lists[name].includes(value)));
}
