import type { AlertInit } from "@falco-outputs/core";
import type { Filter } from "../filter/filter.js";
import { allow, deny, filterOf } from "./filters.js";

/** The alerts that are appended, but for their text. */
export const kinds = [
  {
    rule: "shell",
    priority: "Notice",
    source: "syscall",
    hostname: "one",
    tags: ["container"],
    outputFields: { "k8s.ns.name": "shop" },
  },
  {
    rule: "shell",
    priority: "Warning",
    source: "syscall",
    hostname: "two",
    tags: ["container", "T1059"],
    outputFields: { "k8s.ns.name": "<NA>" },
  },
  { rule: "login", priority: "Critical", source: "okta", hostname: "two", tags: [] },
  {
    rule: "Shell",
    priority: "Debug",
    source: "k8s_audit",
    hostname: "one",
    tags: ["host"],
    outputFields: { "k8s.ns.name": "shop-test" },
  },
] as const satisfies readonly Partial<AlertInit>[];

/** A filter, in several forms that mean the same, and which of the kinds pass. */
export interface KnownFilter {
  readonly forms: readonly (Filter | undefined)[];
  readonly passing: readonly number[];
}

const shells = { rules: ["shell"] };
const inShop = { fields: [{ name: "k8s.ns.name", values: ["shop*"] }] };

export const filters: readonly KnownFilter[] = [
  { forms: [undefined, filterOf({})], passing: [0, 1, 2, 3] },
  { forms: [allow(shells), allow({ rules: ["shell", "shell"] }, shells)], passing: [0, 1] },
  // The number of Warning.
  { forms: [allow({ minPriority: 4 })], passing: [1, 2] },
  { forms: [allow({ tags: ["host", "T1059"] }), allow({ tags: ["T1059", "host"] })], passing: [1, 3] },
  { forms: [allow({ hostnames: ["two", "one"], sources: ["okta"] })], passing: [2] },
  { forms: [allow({ rules: ["shell"], sources: ["okta"] })], passing: [] },
  { forms: [allow(inShop, { sources: ["okta"] }), allow({ sources: ["okta"] }, inShop)], passing: [0, 2, 3] },
  { forms: [deny(shells)], passing: [2, 3] },
  { forms: [filterOf({ allow: [inShop], deny: [{ rules: ["S*"] }] })], passing: [0] },
];

export const everything = filters[0]!;
