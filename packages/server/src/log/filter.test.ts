import { create, toBinary } from "@bufbuild/protobuf";
import { type OutputsResponse, OutputsResponseSchema } from "@falco-outputs/core/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMatcher, type Filter, filterKey } from "./filter.js";

// Few words, so that they meet; some differ in case or contain each other.
const word = fc.constantFrom("", "a", "A", "ab", "b", "é", "🦅");
const words = fc.array(word, { maxLength: 3 });
const priority = fc.nat(7);

const alerts = fc
  .record({
    priority,
    rule: word,
    source: word,
    hostname: word,
    tags: words,
    output: fc.string(),
    outputFields: fc.constantFrom({}, { rule: "a", "proc.name": "b" }),
    time: fc.constantFrom(undefined, { seconds: 1_780_000_000n, nanos: 5 }),
  })
  .map((fields) => create(OutputsResponseSchema, fields));

const filters: fc.Arbitrary<Filter> = fc.record(
  { minPriority: priority, tags: words, rules: words, sources: words, hostnames: words },
  { requiredKeys: [] },
);

/** What a filter means. */
function passes(alert: OutputsResponse, filter: Filter): boolean {
  const among = (wanted: readonly string[] = [], values: readonly string[]) =>
    wanted.length === 0 || values.some((value) => wanted.includes(value));
  return (
    alert.priority <= (filter.minPriority ?? 7) &&
    among(filter.tags, alert.tags) &&
    among(filter.rules, [alert.rule]) &&
    among(filter.sources, [alert.source]) &&
    among(filter.hostnames, [alert.hostname])
  );
}

describe("createMatcher", () => {
  it("takes an encoded alert as its fields say", () => {
    fc.assert(
      fc.property(alerts, filters, (alert, filter) => {
        expect(createMatcher(filter)(toBinary(OutputsResponseSchema, alert))).toBe(passes(alert, filter));
      }),
      { numRuns: 2000 },
    );
  });

  it("takes of a field that comes twice the last, as a decoder does", () => {
    const first = create(OutputsResponseSchema, { priority: 2, rule: "first", source: "s", tags: ["one"] });
    const second = create(OutputsResponseSchema, { priority: 5, rule: "second", tags: ["two"] });
    const both = Buffer.concat([first, second].map((part) => toBinary(OutputsResponseSchema, part)));
    expect(createMatcher({ rules: ["second"], tags: ["one"], sources: ["s"] })(both)).toBe(true);
    expect(createMatcher({ tags: ["two"] })(both)).toBe(true);
    expect(createMatcher({ rules: ["first"] })(both)).toBe(false);
    expect(createMatcher({ minPriority: 2 })(both)).toBe(false);
  });

  it("passes over fields it does not know", () => {
    const alert = toBinary(OutputsResponseSchema, create(OutputsResponseSchema, { rule: "r" }));
    // Field 15, a varint and then bytes that look like another rule.
    const unknown = [15 << 3, 1, (15 << 3) | 2, 3, 34, 1, 120];
    expect(createMatcher({ rules: ["r"] })(Uint8Array.from([...unknown, ...alert, ...unknown]))).toBe(true);
  });
});

describe("filterKey", () => {
  const listsOf = (filter: Filter) =>
    [filter.tags, filter.rules, filter.sources, filter.hostnames].map((list) => new Set(list));

  it("is the same for the same sets, and for no others", () => {
    fc.assert(
      fc.property(filters, filters, (one, two) => {
        const same = one.minPriority === two.minPriority;
        const equal = listsOf(one).every((set, index) => {
          const other = listsOf(two)[index]!;
          return set.size === other.size && [...set].every((value) => other.has(value));
        });
        expect(filterKey(one) === filterKey(two)).toBe(same && equal);
      }),
    );
  });

  it("does not mind order, nor a value that comes twice", () => {
    fc.assert(
      fc.property(filters, (filter) => {
        const turned = (list: readonly string[] = []) => [...list, ...list].reverse();
        const other = {
          minPriority: filter.minPriority,
          tags: turned(filter.tags),
          rules: turned(filter.rules),
          sources: turned(filter.sources),
          hostnames: turned(filter.hostnames),
        } as Filter;
        expect(filterKey(other)).toBe(filterKey(filter));
      }),
    );
    expect(filterKey({})).toBe(filterKey(undefined));
  });

  it("does not take two values for one, nor one field for another", () => {
    expect(filterKey({ rules: ["a,b"] })).not.toBe(filterKey({ rules: ["a", "b"] }));
    expect(filterKey({ rules: ["a"] })).not.toBe(filterKey({ sources: ["a"] }));
    expect(filterKey({ minPriority: 0 })).not.toBe(filterKey({}));
  });
});
