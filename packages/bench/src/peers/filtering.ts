import type { AlertFilter } from "@falco-outputs/core";

/** Looks at the alerts that it has in memory, of which none passes. */
export interface FilteringRole {
  /** Puts `count` alerts into memory. */
  fill(count: number): Promise<void> | void;
  /** Returns how long that took for each alert, in microseconds. @throws Error if one passed. */
  look(filter: FilterName): Promise<number> | number;
}

export type FilterName = keyof typeof filters;

/** None of them lets an alert pass, but only the last part keeps out all that the others let through. */
export const filters = {
  "priority, source and rule": {
    minPriority: "warning",
    sources: ["syscall"],
    rules: ["*in * house", "None"],
  },
  "priority, source and a field": {
    minPriority: "warning",
    sources: ["syscall"],
    fields: { "k8s.ns.name": ["none-*", "None"] },
  },
} as const satisfies Readonly<Record<string, AlertFilter>>;

/** How often all alerts are looked at in a run. */
export const passes = 5;
