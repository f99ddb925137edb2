import type { CommandDefinition, FlagDefinition } from "../args/definition.js";
import { brief, type CommandPath, commandPaths, quoted } from "./words.js";

export function zshScript(program: CommandDefinition): string {
  const functions = commandPaths(program).reverse().map(functionOf);
  return `#compdef ${program.name}
# zsh completion of ${program.name}
${functions.join("\n\n")}

if [[ "$funcstack[1]" == "_falco-outputs" ]]; then
  _falco-outputs "$@"
else
  compdef _falco-outputs ${program.name}
fi`;
}

function functionOf({ path, command }: CommandPath): string {
  const specs = command.flags.flatMap(flagSpecs);
  const { commands, argument } = command;
  if (commands.length === 0) {
    const values = argument === undefined ? [] : [quoted(`1:${argument.name}:${valuesOf(argument.choices)}`)];
    return functionText(path, [argumentsCall("", [...specs, ...values])]);
  }
  return functionText(path, [
    "local state",
    "local -a commands",
    argumentsCall("-C ", [...specs, "'1: :->command'", "'*:: :->rest'"]),
    "case $state in",
    "  command)",
    `    commands=(${commands.map(({ name, description }) => quoted(`${name}:${brief(description)}`)).join(" ")})`,
    "    _describe command commands ;;",
    "  rest)",
    "    case $words[1] in",
    ...commands.map(({ name }) => `      ${name}) ${functionName([...path, name])} ;;`),
    "    esac ;;",
    "esac",
  ]);
}

function functionText(path: readonly string[], lines: readonly string[]): string {
  return `${functionName(path)}() {\n${lines.map((line) => `  ${line}`).join("\n")}\n}`;
}

function functionName(path: readonly string[]): string {
  return ["_falco-outputs", ...path].join("-");
}

function argumentsCall(options: string, specs: readonly string[]): string {
  return [`_arguments ${options}-s`, ...specs].join(" \\\n    ");
}

/** One for each name. A flag may be repeated: some count each time. */
function flagSpecs({ names, value, isPath, choices, description }: FlagDefinition): string[] {
  const text = brief(description).replace(/[\\[\]:]/g, "\\$&");
  const taken =
    value === undefined ? "" : `:${value.replaceAll(":", "\\:")}:${isPath ? "_files" : valuesOf(choices)}`;
  return names.map((name) => {
    const form = value !== undefined && name.startsWith("--") ? `${name}=` : name;
    return quoted(`*${form}[${text}]${taken}`);
  });
}

/** A blank alone: there is a value, which zsh does not know. */
function valuesOf(choices: readonly string[]): string {
  return choices.length > 0 ? `(${choices.join(" ")})` : " ";
}
