import type { CommandDefinition } from "../args/definition.js";

/** A command with the words that lead to it, without the program's name: none for the program itself. */
export interface CommandPath {
  readonly path: readonly string[];
  readonly command: CommandDefinition;
}

export function commandPaths(command: CommandDefinition, path: readonly string[] = []): CommandPath[] {
  const inner = command.commands.flatMap((each) => commandPaths(each, [...path, each.name]));
  return [{ path, command }, ...inner];
}

/** The beginning of a description, which has room beside a word. */
export function brief(description: string): string {
  return description.split(/[;:(.] |: | \(/)[0]!.replace(/[.:]$/, "");
}

/** A text as a shell's word: all three take single quotes. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
