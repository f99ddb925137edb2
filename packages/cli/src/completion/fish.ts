import type { CommandDefinition, FlagDefinition } from "../args/definition.js";
import { brief, type CommandPath, commandPaths, quoted } from "./words.js";

export function fishScript(program: CommandDefinition): string {
  const lines = commandPaths(program).flatMap(linesOf);
  return [`# fish completion of ${program.name}`, "-f", ...lines]
    .map((line, index) => (index === 0 ? line : `complete -c ${program.name} ${line}`))
    .join("\n");
}

function linesOf({ path, command }: CommandPath): string[] {
  const names = command.commands.map(({ name }) => name);
  const isHere = path.length === 0 ? [] : path.map((name) => `__fish_seen_subcommand_from ${name}`);
  const isLast = names.length === 0 ? [] : [`not __fish_seen_subcommand_from ${names.join(" ")}`];
  const condition = `-n ${quoted([...isHere, ...isLast].join("; and "))}`;
  return [
    ...command.commands.map(
      ({ name, description }) => `${condition} -a ${name} -d ${described(description)}`,
    ),
    ...(command.argument?.choices ?? []).map((choice) => `${condition} -a ${choice}`),
    ...command.flags.map((flag) => `${condition} ${flagWords(flag)}`),
  ];
}

function flagWords({ names, value, isPath, choices, description }: FlagDefinition): string {
  const forms = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const values =
    value === undefined
      ? []
      : isPath
        ? ["-r -F"]
        : ["-x", ...(choices.length > 0 ? [`-a ${quoted(choices.join(" "))}`] : [])];
  return [...forms, ...values, `-d ${described(description)}`].join(" ");
}

/** In fish's single quotes, a backslash comes before a quote. */
function described(text: string): string {
  return `'${brief(text).replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
