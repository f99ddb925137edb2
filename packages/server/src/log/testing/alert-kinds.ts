import type { AlertInit } from "@falco-outputs/core";
import type { Filter } from "../filter/filter.js";
import type { TimeWindow } from "../filter/time-window.js";
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
    time: 1_000_000_000n,
  },
  {
    rule: "shell",
    priority: "Warning",
    source: "syscall",
    hostname: "two",
    tags: ["container", "T1059"],
    outputFields: { "k8s.ns.name": "<NA>" },
    time: 2_000_000_000n,
  },
  {
    rule: "login",
    priority: "Critical",
    source: "okta",
    hostname: "two",
    tags: [],
    time: 3_000_000_000n,
  },
  {
    rule: "Shell",
    priority: "Debug",
    source: "k8s_audit",
    hostname: "one",
    tags: ["host"],
    outputFields: { "k8s.ns.name": "shop-test" },
    time: 2_000_000_001n,
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

/** A time window, and which of the kinds are in it. */
export interface KnownWindow {
  readonly window: TimeWindow | undefined;
  readonly inside: readonly number[];
}

export const windows: readonly KnownWindow[] = [
  { window: undefined, inside: [0, 1, 2, 3] },
  { window: { since: 2_000_000_000n, until: undefined }, inside: [1, 2, 3] },
  { window: { since: undefined, until: 3_000_000_000n }, inside: [0, 1, 3] },
  { window: { since: 2_000_000_001n, until: 3_000_000_000n }, inside: [3] },
  { window: { since: 4_000_000_000n, until: undefined }, inside: [] },
];

export const everything = filters[0]!;
