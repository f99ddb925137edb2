import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { acceptEncoded, alertField } from "@falco-outputs/core/codec";
import {
  filterFields,
  listFilters,
  type OutputsResponse,
  OutputsResponseSchema,
  type RequestFilter,
} from "@falco-outputs/core/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filterLists } from "../testing/arbitrary-filters.js";
import { allow, deny, type FilterParts, filterOf } from "../testing/filters.js";
import { encodedAlerts } from "../testing/wire.js";
import type { Filter } from "./filter.js";
import { createMatcher } from "./matcher.js";

/** What a pattern means, told in another way. */
function matches(text: string, pattern: string): boolean {
  const source = pattern.replace(/\\\*|./gsu, (part) => {
    if (part === "*") return ".*";
    return (part === "\\*" ? "*" : part).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${source}$`, "su").test(text);
}

/** What a filter means. */
function passes(alert: OutputsResponse, { allow, deny }: Filter): boolean {
  return (
    (allow.length === 0 || allow.some((filter) => isChosen(alert, filter))) &&
    !deny.some((filter) => isChosen(alert, filter))
  );
}

function isChosen(alert: OutputsResponse, filter: RequestFilter): boolean {
  const among = (patterns: readonly string[], texts: readonly string[]) =>
    patterns.length === 0 || texts.some((text) => patterns.some((pattern) => matches(text, pattern)));
  return (
    alert.priority <= (filter.minPriority ?? Number.POSITIVE_INFINITY) &&
    listFilters.every((name) => among(filter[name], [alert[filterFields[name]]].flat())) &&
    filter.fields.every(
      ({ name, values }) =>
        Object.hasOwn(alert.outputFields, name) && among(values, [alert.outputFields[name]!]),
    )
  );
}

function encode(...alerts: Parameters<typeof create<typeof OutputsResponseSchema>>[1][]): Uint8Array {
  return Buffer.concat(
    alerts.map((alert) => toBinary(OutputsResponseSchema, create(OutputsResponseSchema, alert))),
  );
}

const runs = { numRuns: 5_000 };

/** Whether a whole alert passes. */
function isTaken(filter: Filter, alert: Uint8Array): boolean {
  return createMatcher(filter)(alert, 0, alert.length);
}

describe("createMatcher", () => {
  it("takes an encoded alert as a decoder does, whatever it looks like", () => {
    fc.assert(
      fc.property(encodedAlerts, filterLists, (alert, lists) => {
        const filter = filterOf(lists);
        expect(isTaken(filter, alert)).toBe(passes(fromBinary(OutputsResponseSchema, alert), filter));
      }),
      runs,
    );
  });

  it("is asked only about alerts that are taken", () => {
    fc.assert(
      fc.property(encodedAlerts, (alert) => void acceptEncoded(alert)),
      { numRuns: 500 },
    );
  });

  it.each<[string, FilterParts, boolean]>([
    ["a priority that is more severe", { minPriority: 5 }, true],
    ["a priority that is less severe", { minPriority: 3 }, false],
    ["a rule", { rules: ["Shell in container"] }, true],
    ["a rule in another case", { rules: ["shell in container"] }, false],
    ["a part of a rule", { rules: ["Shell"] }, false],
    ["one of several rules", { rules: ["x", "Shell*"] }, true],
    ["a star in the middle", { rules: ["Shell*container"] }, true],
    ["texts that would overlap", { rules: ["Shell in cont*container"] }, false],
    ["a star that stands for nothing", { rules: ["*Shell in container*"] }, true],
    ["an escaped star", { rules: ["Shell\\*"] }, false],
    ["one of the tags", { tags: ["b"] }, true],
    ["no tag at all", { tags: ["c"] }, false],
    ["a host that is not known", { hostnames: [""] }, true],
    ["any host, known or not", { hostnames: ["*"] }, true],
    ["a field that is there", { fields: [{ name: "k8s.ns.name" }] }, true],
    ["a field that is there without a value", { fields: [{ name: "k8s.pod.name" }] }, true],
    ["a field that is not there", { fields: [{ name: "container.id" }] }, false],
    ["a field's value", { fields: [{ name: "k8s.ns.name", values: ["x", "sh*p"] }] }, true],
    ["another value", { fields: [{ name: "k8s.ns.name", values: ["x"] }] }, false],
    ["a value of another field", { fields: [{ name: "k8s.pod.name", values: ["shop"] }] }, false],
    ["two fields", { fields: [{ name: "k8s.ns.name" }, { name: "container.id" }] }, false],
    ["several parts", { minPriority: 4, rules: ["Shell*"], tags: ["a"], sources: ["syscall"] }, true],
    ["several parts, one of which does not match", { minPriority: 4, rules: ["Shell*"], tags: ["c"] }, false],
  ])("compares %s", (_, filter, expected) => {
    const alert = encode({
      priority: 4,
      rule: "Shell in container",
      source: "syscall",
      tags: ["a", "b"],
      outputFields: { "k8s.ns.name": "shop", "k8s.pod.name": "<NA>" },
    });
    expect(isTaken(allow(filter), alert)).toBe(expected);
    expect(isTaken(deny(filter), alert)).toBe(!expected);
  });

  it("lets pass what one filter allows and none denies", () => {
    const filter = filterOf({ allow: [{ rules: ["a*"] }, { tags: ["t"] }], deny: [{ rules: ["*b"] }] });
    const results = [{ rule: "a" }, { rule: "ab" }, { rule: "c" }, { rule: "c", tags: ["t"] }].map((alert) =>
      isTaken(filter, encode(alert)),
    );
    expect(results).toEqual([true, false, false, true]);
  });

  it("knows as many filters, fields and values as a request may hold", () => {
    const names = (filter: number) => Array.from({ length: 4 }, (_, index) => `field.${filter}.${index}`);
    const filters = Array.from({ length: 100 }, (_, filter) => ({
      fields: names(filter).map((name) => ({ name, values: [`value ${filter}`] })),
    }));
    const fieldsOf = (filter: number, value: string) =>
      Object.fromEntries(names(filter).map((name) => [name, value]));
    const others = Object.assign({}, ...filters.map((_, filter) => fieldsOf(filter, "another value")));
    const none = encode({ outputFields: others });
    const last = encode({ outputFields: { ...others, ...fieldsOf(99, "value 99") } });
    expect([none, last].map((alert) => isTaken(allow(...filters), alert))).toEqual([false, true]);
    expect([none, last].map((alert) => isTaken(deny(...filters), alert))).toEqual([true, false]);
  });

  it("takes of a field that comes twice the last, as a decoder does", () => {
    const both = encode(
      { priority: 2, rule: "first", source: "s", tags: ["one"], outputFields: { f: "1" } },
      { priority: 5, rule: "second", tags: ["two"], outputFields: { f: "2" } },
    );
    const matching = (filter: FilterParts) => isTaken(allow(filter), both);
    expect(matching({ rules: ["second"], tags: ["one"], sources: ["s"] })).toBe(true);
    expect(matching({ tags: ["two"] })).toBe(true);
    expect(matching({ rules: ["first"] })).toBe(false);
    expect(matching({ minPriority: 2 })).toBe(false);
    expect(matching({ fields: [{ name: "f", values: ["1"] }] })).toBe(false);
    expect(matching({ fields: [{ name: "f", values: ["2"] }] })).toBe(true);
  });

  it("knows an output field whatever its name", () => {
    const entry = new BinaryWriter().tag(1, WireType.LengthDelimited).string("__proto__").finish();
    const alert = new BinaryWriter()
      .tag(alertField.outputFields, WireType.LengthDelimited)
      .bytes(entry)
      .finish();
    expect(isTaken(allow({ fields: [{ name: "__proto__" }] }), alert)).toBe(true);
    expect(isTaken(allow({ fields: [{ name: "constructor" }] }), alert)).toBe(false);
  });
});
