import { type AlertFilter, type Priority, parsePriority, priorityNames } from "@falco-outputs/node";
import { type Command, InvalidArgumentError } from "commander";

export interface FilterOptions {
  minPriority?: Priority;
  tag?: string[];
  rule?: string[];
  source?: string[];
  host?: string[];
}

const notes = `
Of --tag, --rule, --source and --host each may be repeated, and any of its values
suffices; values are exact. Of different options, all must hold. With --shared they
are applied here: what does not match is taken from the queue all the same.`;

export function addFilterOptions(command: Command): void {
  command
    .optionsGroup("Only alerts that (see below):")
    .option("--min-priority <name>", "are at least this severe, e.g. warning", parsePriorityName)
    .option("--tag <tag>", "have this tag", collect)
    .option("--rule <name>", "are of this rule", collect)
    .option("--source <name>", "are from this source, e.g. syscall", collect)
    .option("--host <name>", "are of this host", collect)
    .addHelpText("after", notes);
}

/** The filter as the client takes it; undefined without one. */
export function filterOf({ minPriority, tag, rule, source, host }: FilterOptions): AlertFilter | undefined {
  const filter: AlertFilter = {
    ...(minPriority !== undefined && { minPriority }),
    ...(tag && { tags: tag }),
    ...(rule && { rules: rule }),
    ...(source && { sources: source }),
    ...(host && { hostnames: host }),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

function parsePriorityName(text: string): Priority {
  const priority = parsePriority(text);
  if (priority !== undefined) return priority;
  throw new InvalidArgumentError(`expected one of ${priorityNames.join(", ")}.`);
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}
