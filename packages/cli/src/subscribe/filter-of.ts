import { type AlertFilter, type Priority, parsePriority, priorityNames } from "@falco-outputs/node";
import { UsageError } from "../args/usage-error.js";
import { type FilterOptions, listFlags } from "./filter-options.js";

/**
 * The filter as the client takes it; undefined without one.
 * @throws UsageError for a priority that Falco does not have.
 */
export function filterOf(options: FilterOptions): AlertFilter | undefined {
  const { minPriority } = options;
  const lists = Object.entries(listFlags).filter(([, flag]) => options[flag] !== undefined);
  if (minPriority === undefined && lists.length === 0) return undefined;
  return {
    ...(minPriority !== undefined && { minPriority: priorityOf(minPriority) }),
    ...Object.fromEntries(lists.map(([name, flag]) => [name, options[flag]])),
  };
}

function priorityOf(name: string): Priority {
  const priority = parsePriority(name);
  if (priority !== undefined) return priority;
  throw new UsageError(
    `--min-priority: ${JSON.stringify(name)}, expected one of ${priorityNames.join(", ")}`,
  );
}
