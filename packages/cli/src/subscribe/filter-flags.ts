import { type Command, InvalidArgumentError, Option } from "commander";
import { collect } from "../args/parsers.js";
import { RepeatableOption } from "../args/repeatable-option.js";

/** A filter flag's value. */
export interface FilterValue {
  readonly text: string;
  /** Whether --not stood before the flag. */
  readonly isDenied: boolean;
}

/** The flags of which each is a part of a filter, by their names in the parsed options. */
const flags = {
  minPriority: ["--min-priority <name>", "are at least this severe, e.g. warning"],
  rule: ["--rule <name>", "are of this rule"],
  tag: ["--tag <tag>", "have this tag"],
  source: ["--source <name>", "are from this source, e.g. syscall"],
  host: ["--host <name>", "are of this host"],
  field: ["--field <name=value>", "have an output field with this value; NAME alone: have the field"],
  namespace: ["--namespace <name>", "are of this Kubernetes namespace (k8s.ns.name)"],
  pod: ["--pod <name>", "are of this pod (k8s.pod.name), or of NAMESPACE/POD"],
  containerImage: [
    "--container-image <image>",
    "are of this image (container.image.repository), or of REPOSITORY:TAG",
  ],
} as const;
export type FilterFlag = keyof typeof flags;
export const filterFlags = Object.keys(flags) as FilterFlag[];

/** What the filter flags were given. */
export interface FilterOptions extends Partial<Record<FilterFlag, FilterValue[]>> {
  /** Filters in JSON. */
  allow?: string[];
  deny?: string[];
}

/** Falco's priorities, as the completion offers them. */
export const priorityChoices = [
  "emergency",
  "alert",
  "critical",
  "error",
  "warning",
  "notice",
  "informational",
  "debug",
];

const notes = `
Of the flags from --rule to --container-image, each may be repeated, and any of
its values suffices. Of different flags, all must hold. In a value, * is any run
of characters, and \\* a star; otherwise the whole text is compared, and case
matters. --not excludes the alerts that the next flag matches.

What flags cannot say, --allow and --deny can, as JSON:
  {"rules": ["Noisy*"], "fields": [{"name": "k8s.ns.name", "values": ["dev"]}]}
An alert is shown if no --deny matches and, where there is an --allow, one does.
With --shared, filters are applied here: what does not match is taken from the
queue all the same.`;

export function addFilterFlags(command: Command): void {
  let isNegated = false;
  const take =
    (flag: FilterFlag) =>
    (text: string, previous: FilterValue[] = []) => {
      if (flag === "field" && (text === "" || text.startsWith("="))) {
        throw new InvalidArgumentError("expected NAME=VALUE, or the NAME of an output field.");
      }
      const value = { text, isDenied: isNegated };
      isNegated = false;
      return [...previous, value];
    };
  command.optionsGroup("Only alerts that (see below):");
  for (const flag of filterFlags) {
    const [definition, description] = flags[flag];
    const option = new RepeatableOption(definition, description);
    if (flag === "minPriority") option.choices(priorityChoices);
    command.addOption(option.argParser(take(flag)));
  }
  command
    .addOption(new Option("--not", "do not match the next of these flags"))
    .on("option:not", () => {
      if (isNegated) command.error("error: --not --not: expected a filter flag after --not");
      isNegated = true;
    })
    .addOption(
      new RepeatableOption("--allow <json>", "match this filter, or another --allow").argParser(collect),
    )
    .addOption(new RepeatableOption("--deny <json>", "do not match this filter").argParser(collect))
    .option("--print-filters", "print the filters as JSON, in the form of --allow and --deny, and end")
    .addHelpText("after", notes)
    .hook("preAction", () => {
      const isFromVariable = (flag: FilterFlag) => command.getOptionValueSource(flag) === "env";
      const values = filterFlags
        .filter(isFromVariable)
        .flatMap((flag): FilterValue[] => command.opts()[flag]);
      if (isNegated || values.some(({ isDenied }) => isDenied)) {
        command.error("error: --not: expected a filter flag after it, e.g. --not --rule NAME");
      }
    });
}
