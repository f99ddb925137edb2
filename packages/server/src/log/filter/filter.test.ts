import { listFilters, type RequestFilter } from "@falco-outputs/core/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filterLists } from "../testing/arbitrary-filters.js";
import { allow, deny, type FilterParts, filterOf } from "../testing/filters.js";
import { type Filter, filterKey } from "./filter.js";

describe("filterKey", () => {
  /** The same filter, as sets. */
  const setsOf = ({ allow, deny }: Filter) => [allow, deny].map((filters) => new Set(filters.map(keyOf)));
  const keyOf = (filter: RequestFilter) =>
    JSON.stringify([
      filter.minPriority ?? -1,
      ...listFilters.map((name) => [...new Set(filter[name])].sort()),
      [
        ...new Set(
          filter.fields.map(({ name, values }) => JSON.stringify([name, [...new Set(values)].sort()])),
        ),
      ].sort(),
    ]);

  it("is the same for the same sets, and for no others", () => {
    fc.assert(
      fc.property(filterLists, filterLists, (one, two) => {
        const [first, second] = [filterOf(one), filterOf(two)];
        const equal = setsOf(first).every((set, index) => {
          const other = setsOf(second)[index]!;
          return set.size === other.size && [...set].every((key) => other.has(key));
        });
        expect(filterKey(first) === filterKey(second)).toBe(equal);
      }),
    );
  });

  it("does not depend on order, nor on a value that comes twice", () => {
    const turned = <Item>(list: readonly Item[]) => [...list, ...list].reverse();
    const turnedFilter = (filter: RequestFilter): RequestFilter => ({
      ...filter,
      ...Object.fromEntries(listFilters.map((name) => [name, turned(filter[name])])),
      fields: turned(filter.fields.map((field) => ({ ...field, values: turned(field.values) }))),
    });
    fc.assert(
      fc.property(filterLists, (lists) => {
        const filter = filterOf(lists);
        const other = {
          allow: turned(filter.allow).map(turnedFilter),
          deny: turned(filter.deny).map(turnedFilter),
        };
        expect(filterKey(other)).toBe(filterKey(filter));
      }),
    );
    expect(filterKey(filterOf({}))).toBe(filterKey(undefined));
  });

  it.each<[FilterParts, FilterParts]>([
    [{ rules: ["a,b"] }, { rules: ["a", "b"] }],
    [{ rules: ["a"] }, { sources: ["a"] }],
    [{ minPriority: 0 }, { rules: ["a"] }],
    [{ fields: [{ name: "a" }] }, { fields: [{ name: "a", values: ["*"] }] }],
    [{ fields: [{ name: "a", values: ["b"] }] }, { fields: [{ name: "b", values: ["a"] }] }],
  ])("does not take %o for %o", (one, two) => {
    expect(filterKey(allow(one))).not.toBe(filterKey(allow(two)));
    expect(filterKey(allow(one))).not.toBe(filterKey(deny(one)));
  });
});
