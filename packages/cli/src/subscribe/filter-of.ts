import { type AlertFilter, type Priority, parsePriority, priorityNames } from "@falco-outputs/node";
import { UsageError } from "../args/usage-error.js";
import type { FilterOptions } from "./filter-options.js";

/**
 * The filter as the client takes it; undefined without one.
 * @throws UsageError for a priority that Falco does not have.
 */
export function filterOf({ minPriority, tag, rule, source, host }: FilterOptions): AlertFilter | undefined {
  const filter: AlertFilter = {
    ...(minPriority !== undefined && { minPriority: priorityOf(minPriority) }),
    ...(tag && { tags: tag }),
    ...(rule && { rules: rule }),
    ...(source && { sources: source }),
    ...(host && { hostnames: host }),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

function priorityOf(name: string): Priority {
  const priority = parsePriority(name);
  if (priority !== undefined) return priority;
  throw new UsageError(
    `--min-priority: ${JSON.stringify(name)}, expected one of ${priorityNames.join(", ")}`,
  );
}
