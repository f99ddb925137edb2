import { BinaryReader } from "@bufbuild/protobuf/wire";

/** What an alert has to be: each part that is there must hold; of a list, one value suffices, exact and case-sensitive. */
export interface Filter {
  /** At least this severe: numbers up to this one. */
  readonly minPriority?: number;
  readonly tags?: readonly string[];
  readonly rules?: readonly string[];
  readonly sources?: readonly string[];
  readonly hostnames?: readonly string[];
}

const lists = ["tags", "rules", "sources", "hostnames"] as const;
type List = (typeof lists)[number];
// Fields of falco.outputs.response.
const fields: Readonly<Record<number, List>> = { 4: "rules", 7: "hostnames", 8: "tags", 9: "sources" };
const priorityField = 2;

/** Decides whether an encoded alert passes. */
export type Matcher = (alert: Uint8Array) => boolean;

/** The same filter gives the same text, whatever the order of its values. */
export function filterKey(filter: Filter | undefined): string {
  const parts = lists.map((name) => [...new Set(filter?.[name])].sort());
  return JSON.stringify([filter?.minPriority ?? null, ...parts]);
}

/** Reads an alert's fields in place, without decoding it. */
export function createMatcher(filter: Filter): Matcher {
  const wanted = new Map<List, ReadonlySet<string>>();
  for (const name of lists) {
    const values = filter[name];
    if (values !== undefined && values.length > 0) wanted.set(name, new Set(values));
  }
  const { minPriority } = filter;
  return (alert) => {
    const reader = new BinaryReader(alert);
    // Absent on the wire is the zero value: the most severe priority, the empty string.
    let priority = 0;
    const last: Partial<Record<List, string>> = {};
    let tagged = false;
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      const name = fields[field];
      if (field === priorityField) priority = reader.int32();
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
