import type { AlertInit } from "@falco-outputs/core";
import type { Filter } from "../filter.js";

/** The alerts that are appended, but for their text. */
export const kinds = [
  { rule: "shell", priority: "Notice", source: "syscall", hostname: "one", tags: ["container"] },
  { rule: "shell", priority: "Warning", source: "syscall", hostname: "two", tags: ["container", "T1059"] },
  { rule: "login", priority: "Critical", source: "okta", hostname: "two", tags: [] },
  { rule: "Shell", priority: "Debug", source: "k8s_audit", hostname: "one", tags: ["host"] },
] as const satisfies readonly Partial<AlertInit>[];

/** A filter, in several forms that mean the same, and which of the kinds pass. */
export interface KnownFilter {
  readonly forms: readonly (Filter | undefined)[];
  readonly passing: readonly number[];
}

export const filters: readonly KnownFilter[] = [
  { forms: [undefined, {}, { rules: [], tags: [] }], passing: [0, 1, 2, 3] },
  { forms: [{ rules: ["shell"] }, { rules: ["shell", "shell"], sources: [] }], passing: [0, 1] },
  // The number of Warning.
  { forms: [{ minPriority: 4 }], passing: [1, 2] },
  { forms: [{ tags: ["host", "T1059"] }, { tags: ["T1059", "host"] }], passing: [1, 3] },
  { forms: [{ hostnames: ["two", "one"], sources: ["okta"] }], passing: [2] },
  { forms: [{ rules: ["shell"], sources: ["okta"] }], passing: [] },
];

export const everything = filters[0]!;
