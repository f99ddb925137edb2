import { createHash } from "node:crypto";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { alertField, entryField } from "@falco-outputs/core/codec";
import {
  filterFields,
  type ListFilter,
  listFilters,
  parsePattern,
  type RequestFilter,
} from "@falco-outputs/core/contract";

/** Which alerts pass: those that match one of `allow`, if there is one, and none of `deny`. */
export interface Filter {
  readonly allow: readonly RequestFilter[];
  readonly deny: readonly RequestFilter[];
}

/** By the number of an alert's field, the list that it is compared with. */
const lists: (ListFilter | undefined)[] = [];
for (const name of listFilters) lists[alertField[filterFields[name]]] = name;

/** Decides whether an encoded alert passes. */
export type Matcher = (alert: Uint8Array) => boolean;

/** Equal filters have the same key, whatever the order of their parts. It is short. */
export function filterKey(filter: Filter | undefined): string {
  const parts = JSON.stringify([sortedKeys(filter?.allow), sortedKeys(filter?.deny)]);
  return createHash("sha256").update(parts).digest("base64url");
}

function sortedKeys(filters: readonly RequestFilter[] = []): string[] {
  return sorted(
    filters.map((filter) => {
      const fields = filter.fields.map(({ name, values }) => JSON.stringify([name, sorted(values)]));
      return JSON.stringify([
        filter.minPriority ?? null,
        ...listFilters.map((name) => sorted(filter[name])),
        sorted(fields),
      ]);
    }),
  );
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

/** What a filter compares. */
interface Parts {
  priority: number;
  readonly texts: Record<ListFilter, string[]>;
  readonly fields: Map<string, string>;
}

/** Reads an alert's fields in place. */
export function createMatcher({ allow, deny }: Filter): Matcher {
  const allowed = allow.map(filterMatcher);
  const denied = deny.map(filterMatcher);
  return (alert) => {
    const parts = partsOf(alert);
    return (
      (allowed.length === 0 || allowed.some((matches) => matches(parts))) &&
      !denied.some((matches) => matches(parts))
    );
  };
}

/** The matcher for alerts that are at least this severe. */
export function severityMatcher(minPriority: number): Matcher {
  return (alert) => partsOf(alert).priority <= minPriority;
}

function filterMatcher(filter: RequestFilter): (parts: Parts) => boolean {
  const lists = listFilters
    .filter((name) => filter[name].length > 0)
    .map((name) => ({ name, matches: anyMatcher(filter[name]) }));
  const fields = filter.fields.map(({ name, values }) => ({
    name,
    matches: values.length === 0 ? () => true : anyMatcher(values),
  }));
  const { minPriority = Number.POSITIVE_INFINITY } = filter;
  return (parts) =>
    parts.priority <= minPriority &&
    lists.every(({ name, matches }) => parts.texts[name].some(matches)) &&
    fields.every(({ name, matches }) => {
      const value = parts.fields.get(name);
      return value !== undefined && matches(value);
    });
}

function anyMatcher(values: readonly string[]): (text: string) => boolean {
  const patterns = values.map(parsePattern);
  return (text) => patterns.some((texts) => matchesPattern(text, texts));
}

function matchesPattern(text: string, texts: readonly string[]): boolean {
  const first = texts[0]!;
  if (texts.length === 1) return text === first;
  const last = texts.at(-1)!;
  const end = text.length - last.length;
  let at = first.length;
  if (end < at || !text.startsWith(first) || !text.endsWith(last)) return false;
  for (const part of texts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

function partsOf(alert: Uint8Array): Parts {
  const reader = new BinaryReader(alert);
  // Absent on the wire is the zero value: the most severe priority, the empty string.
  const parts: Parts = {
    priority: 0,
    texts: { rules: [""], sources: [""], hostnames: [""], tags: [] },
    fields: new Map(),
  };
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const name = lists[field];
    if (field === alertField.priority) parts.priority = reader.int32();
    else if (field === alertField.outputFields) {
      const [key, value] = entryOf(reader.bytes());
      parts.fields.set(key, value);
    } else if (name === undefined) reader.skip(type, field);
    else if (name === "tags") parts.texts.tags.push(reader.string());
    else parts.texts[name] = [reader.string()];
  }
  return parts;
}

function entryOf(bytes: Uint8Array): [string, string] {
  const reader = new BinaryReader(bytes);
  let key = "";
  let value = "";
  while (reader.pos < reader.len) {
    const [field] = reader.tag();
    if (field === entryField.key) key = reader.string();
    else value = reader.string();
  }
  return [key, value];
}
