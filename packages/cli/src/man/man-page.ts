import type { CommandDefinition, FlagDefinition } from "../args/definition.js";
import { bold, escaped, heading, italic, item, paragraphs, subheading } from "./roff.js";

const examples = [
  ["falco-outputs serve", "serves what Falco posts to http://127.0.0.1:5061/"],
  ["falco-outputs sub --min-priority warning --not --rule 'Noisy*'", "prints what comes, but for some rules"],
  ["falco-outputs get --since 12h --namespace shop", "prints what happened in a namespace"],
  [
    "falco-outputs get --input falco.jsonl --columns time,rule,k8s.pod.name",
    "prints alerts of a file as a table",
  ],
] as const;

/** The manual page of the program, for man(1). */
export function manPage(program: CommandDefinition, version: string): string {
  const commands = program.commands.flatMap((command) => withInner(command, program.name));
  return `${[
    `.\\" Made from the command's definition: npm run man`,
    `.TH ${program.name.toUpperCase()} 1 "" "${program.name} ${version}" "User Commands"`,
    heading("NAME"),
    `${escaped(program.name)} \\- ${escaped(program.description)}`,
    heading("SYNOPSIS"),
    ...program.commands.map(
      (command, index) => `${index > 0 ? ".br\n" : ""}${synopsis(command, program.name)}`,
    ),
    heading("OPTIONS"),
    ...program.flags.map(flagItem),
    heading("COMMANDS"),
    ...commands,
    heading("NOTES"),
    paragraphs(program.notes),
    heading("EXAMPLES"),
    ...examples.map(([command, what]) => item(bold(command), what)),
  ].join("\n")}\n`;
}

function withInner(command: CommandDefinition, parent: string): string[] {
  const name = `${parent} ${command.name}`;
  return [...section(command, name), ...command.commands.flatMap((inner) => withInner(inner, name))];
}

function section(command: CommandDefinition, name: string): string[] {
  const { description, flags, argument, notes } = command;
  const lines = [subheading(escaped(name)), paragraphs(`${description}.`.replace("..", "."))];
  if (argument !== undefined && argument.choices.length > 0) {
    lines.push(item(italic(argument.name), `One of ${argument.choices.join(", ")}.`));
  }
  let group: string | undefined;
  for (const flag of flags) {
    if (flag.heading !== group && flag.heading !== undefined) lines.push(paragraphs(flag.heading));
    group = flag.heading;
    lines.push(flagItem(flag));
  }
  if (notes !== "") lines.push(paragraphs(notes));
  return lines;
}

function synopsis({ name, commands, argument }: CommandDefinition, parent: string): string {
  const rest =
    commands.length > 0 ? " [\\fIcommand\\fR]" : argument === undefined ? "" : ` ${italic(argument.name)}`;
  return `${bold(`${parent} ${name}`)} [\\fIoptions\\fR]${rest}`;
}

function flagItem({ names, value, description, choices, defaultValue, variable }: FlagDefinition): string {
  const term = names.map(bold).join(", ") + (value === undefined ? "" : ` ${italic(value)}`);
  const sentences = [
    description,
    ...(choices.length > 0 ? [`one of ${choices.join(", ")}`] : []),
    ...(defaultValue !== undefined ? [`default: ${defaultValue}`] : []),
    ...(variable !== undefined ? [`environment: ${variable}`] : []),
  ].filter((text) => text !== "");
  return item(term, `${sentences.join("; ")}.`);
}
