import type { Alert } from "../alert-message.js";
import type { RequestFilter } from "../contract.js";
import { filterFields, listFilters } from "../filter.js";
import { parsePattern } from "../pattern.js";

type Matches<Value> = (value: Value) => boolean;

/** Decides as the server does. */
export function matcherOf(allow: readonly RequestFilter[], deny: readonly RequestFilter[]): Matches<Alert> {
  const allowed = allow.map(filterMatcher);
  const denied = deny.map(filterMatcher);
  return (alert) =>
    (allowed.length === 0 || allowed.some((matches) => matches(alert))) &&
    !denied.some((matches) => matches(alert));
}

function filterMatcher(filter: RequestFilter): Matches<Alert> {
  const { minPriority } = filter;
  const parts: Matches<Alert>[] = [];
  if (minPriority !== undefined) parts.push((alert) => alert.priority <= minPriority);
  for (const name of listFilters) {
    if (filter[name].length === 0) continue;
    const matches = anyMatcher(filter[name]);
    parts.push((alert) => [alert[filterFields[name]]].flat().some(matches));
  }
  for (const { name, values } of filter.fields) {
    const matches = values.length === 0 ? () => true : anyMatcher(values);
    parts.push(({ outputFields }) => Object.hasOwn(outputFields, name) && matches(outputFields[name]!));
  }
  return (alert) => parts.every((matches) => matches(alert));
}

function anyMatcher(values: readonly string[]): Matches<string> {
  const exact = new Set<string>();
  const patterns: Matches<string>[] = [];
  for (const value of values) {
    const texts = parsePattern(value);
    if (texts.length === 1) exact.add(texts[0]!);
    else patterns.push(textMatcher(texts));
  }
  return (text) => exact.has(text) || patterns.some((matches) => matches(text));
}

function textMatcher(texts: readonly string[]): Matches<string> {
  const first = texts[0]!;
  const last = texts.at(-1)!;
  const between = texts.slice(1, -1);
  return (text) => {
    const end = text.length - last.length;
    let at = first.length;
    if (end < at || !text.startsWith(first) || !text.endsWith(last)) return false;
    for (const part of between) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}
