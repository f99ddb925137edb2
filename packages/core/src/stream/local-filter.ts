import type { Alert } from "../alert-message.js";
import type { RequestFilter } from "../contract.js";
import { filterFields, listFilters } from "../filter.js";
import { textMatcher } from "./text-matcher.js";

type Matches = (alert: Alert) => boolean;

/** Decides on this side as the server does: an alert passes that matches one of `allow`, if there is one, and none of `deny`. */
export function matcherOf(allow: readonly RequestFilter[], deny: readonly RequestFilter[]): Matches {
  const allowed = allow.map(filterMatcher);
  const denied = deny.map(filterMatcher);
  return (alert) =>
    (allowed.length === 0 || allowed.some((matches) => matches(alert))) &&
    !denied.some((matches) => matches(alert));
}

function filterMatcher(filter: RequestFilter): Matches {
  const { minPriority, fields } = filter;
  const parts: Matches[] = [];
  if (minPriority !== undefined) parts.push(({ priority }) => priority <= minPriority);
  for (const name of listFilters) {
    if (filter[name].length === 0) continue;
    const matches = textMatcher(filter[name]);
    parts.push((alert) => [alert[filterFields[name]]].flat().some(matches));
  }
  for (const { name, values } of fields) {
    const matches = values.length === 0 ? () => true : textMatcher(values);
    // Its own: every object inherits "constructor".
    parts.push(({ outputFields }) => Object.hasOwn(outputFields, name) && matches(outputFields[name]!));
  }
  return (alert) => parts.every((matches) => matches(alert));
}
