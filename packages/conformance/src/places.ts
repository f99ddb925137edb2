import type { Place } from "./case.js";
import type { Published } from "./published.js";

/** Puts sequence numbers, as decimal text, in the place of every Place. */
export function withPlaces<Value>(value: Value, published: Published): Value {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withPlaces(item, published)) as Value;
  if (isPlace(value)) return String(published.at(value)) as Value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withPlaces(member, published)]),
  ) as Value;
}

function isPlace(value: object): value is Place {
  return Object.keys(value).length === 1 && ("of" in value || "before" in value);
}
