import type { Command } from "commander";
import { collect } from "../args/parsers.js";

/** The filter's lists in the API, and the flags for them. */
export const listFlags = { tags: "tag", rules: "rule", sources: "source", hostnames: "host" } as const;

export interface FilterOptions extends Partial<Record<(typeof listFlags)[keyof typeof listFlags], string[]>> {
  minPriority?: string;
}

const notes = `
Of --tag, --rule, --source and --host each may be repeated, and any of its values
suffices; values are exact. Of different options, all must hold. With --shared they
are applied here: what does not match is taken from the queue all the same.`;

export function addFilterOptions(command: Command): void {
  command
    .optionsGroup("Only alerts that (see below):")
    .option("--min-priority <name>", "are at least this severe, e.g. warning")
    .option("--tag <tag>", "have this tag", collect)
    .option("--rule <name>", "are of this rule", collect)
    .option("--source <name>", "are from this source, e.g. syscall", collect)
    .option("--host <name>", "are of this host", collect)
    .addHelpText("after", notes);
}
