import { BinaryReader } from "@bufbuild/protobuf/wire";
import { alertField } from "@falco-outputs/core/codec";
import { filterFields, type ListFilter, listFilters } from "@falco-outputs/core/contract";

/** What an alert must be: each part that is there must hold; of a list, one value suffices, exact and case-sensitive. */
export interface Filter extends Readonly<Partial<Record<ListFilter, readonly string[]>>> {
  /** At least this severe: numbers up to this one. */
  readonly minPriority?: number;
}

/** By the number of an alert's field, the list that it is compared with. */
const lists: (ListFilter | undefined)[] = [];
for (const name of listFilters) lists[alertField[filterFields[name]]] = name;

/** Decides whether an encoded alert passes. */
export type Matcher = (alert: Uint8Array) => boolean;

/** Equal filters have the same key, whatever the order of their values. */
export function filterKey(filter: Filter | undefined): string {
  const parts = listFilters.map((name) => [...new Set(filter?.[name])].sort());
  return JSON.stringify([filter?.minPriority ?? null, ...parts]);
}

/** Reads an alert's fields in place, without decoding it. */
export function createMatcher(filter: Filter): Matcher {
  const wanted = new Map<ListFilter, ReadonlySet<string>>();
  for (const name of listFilters) {
    const values = filter[name];
    if (values !== undefined && values.length > 0) wanted.set(name, new Set(values));
  }
  const { minPriority } = filter;
  return (alert) => {
    const reader = new BinaryReader(alert);
    // Absent on the wire is the zero value: the most severe priority, the empty string.
    let priority = 0;
    const last: Partial<Record<ListFilter, string>> = {};
    let tagged = false;
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      const name = lists[field];
      if (field === alertField.priority) priority = reader.int32();
      else if (name === undefined || !wanted.has(name)) reader.skip(type, field);
      else if (name === "tags") tagged = wanted.get("tags")!.has(reader.string()) || tagged;
      else last[name] = reader.string();
    }
    if (minPriority !== undefined && priority > minPriority) return false;
    for (const [name, values] of wanted) {
      if (name === "tags" ? !tagged : !values.has(last[name] ?? "")) return false;
    }
    return true;
  };
}
