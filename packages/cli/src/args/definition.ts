import type { EventEmitter } from "node:events";
import type { Argument, Command, Option } from "commander";

/** A command as the completion and the man page see it. */
export interface CommandDefinition {
  readonly name: string;
  readonly description: string;
  /** What --help says at its end. */
  readonly notes: string;
  readonly flags: readonly FlagDefinition[];
  readonly argument: ArgumentDefinition | undefined;
  readonly commands: readonly CommandDefinition[];
}

export interface FlagDefinition {
  /** With a short form first, e.g. `-o` and `--output`. */
  readonly names: readonly string[];
  readonly description: string;
  /** What its value is called; undefined for a switch. */
  readonly value: string | undefined;
  readonly choices: readonly string[];
  /** Whether its value may be a path. */
  readonly isPath: boolean;
  readonly heading: string | undefined;
  readonly defaultValue: string | undefined;
  readonly variable: string | undefined;
}

export interface ArgumentDefinition {
  readonly name: string;
  readonly choices: readonly string[];
}

const paths: ReadonlySet<string> = new Set(["file", "addr", "dir", "folder"]);

export function definitionOf(command: Command): CommandDefinition {
  const help = command.createHelp();
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    description: command.description(),
    notes: notesOf(command),
    flags: [...help.visibleOptions(command), ...inherited(command)].map(flagOf),
    argument: argument && argumentOf(argument),
    commands: command.commands.map(definitionOf),
  };
}

/** Flags of the command above, which are taken after this one's name as well; not those of the program. */
function inherited({ parent }: Command): readonly Option[] {
  return parent === null || parent.parent === null ? [] : parent.options;
}

function notesOf(command: Command): string {
  let notes = "";
  const write = (text: string) => {
    notes += text;
  };
  // An emitter, which Commander's types leave out.
  (command as unknown as EventEmitter).emit("afterHelp", { error: false, command, write });
  return notes.trim();
}

function flagOf(option: Option): FlagDefinition {
  const value = /<(.+)>/.exec(option.flags)?.[1];
  return {
    names: [option.short, option.long].filter((name) => name !== undefined),
    description: option.description,
    value,
    choices: option.argChoices ?? [],
    isPath: value !== undefined && paths.has(value),
    heading: option.helpGroupHeading,
    defaultValue: option.defaultValue === undefined ? undefined : String(option.defaultValue),
    variable: option.envVar,
  };
}

function argumentOf(argument: Argument): ArgumentDefinition {
  return { name: argument.name(), choices: argument.argChoices ?? [] };
}
