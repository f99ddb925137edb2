import { createHash } from "node:crypto";
import { listFilters, type RequestFilter } from "@falco-outputs/core/contract";

/** Which alerts pass: those that match one of `allow`, if there is one, and none of `deny`. */
export interface Filter {
  readonly allow: readonly RequestFilter[];
  readonly deny: readonly RequestFilter[];
}

/** Equal filters have the same key, whatever the order of their parts. It is short. */
export function filterKey(filter: Filter | undefined): string {
  const parts = JSON.stringify([sortedKeys(filter?.allow), sortedKeys(filter?.deny)]);
  return createHash("sha256").update(parts).digest("base64url");
}

function sortedKeys(filters: readonly RequestFilter[] = []): string[] {
  return sorted(
    filters.map((filter) => {
      const fields = filter.fields.map(({ name, values }) => JSON.stringify([name, sorted(values)]));
      return JSON.stringify([
        filter.minPriority ?? null,
        ...listFilters.map((name) => sorted(filter[name])),
        sorted(fields),
      ]);
    }),
  );
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
