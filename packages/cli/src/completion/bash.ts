import type { CommandDefinition } from "../args/definition.js";
import { type CommandPath, commandPaths, quoted } from "./words.js";

/** For bash 3.2 and later. */
export function bashScript(program: CommandDefinition): string {
  const paths = commandPaths(program);
  const commands = paths.filter(({ path }) => path.length > 0);
  return `# bash completion of ${program.name}
_falco_outputs() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local command="" words="" index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$command \${COMP_WORDS[index]}" in
      ${commands.map(({ path }) => quoted([path.slice(0, -1).join(" "), path.at(-1)!].join(" "))).join(" | ")})
        command="\${command:+$command }\${COMP_WORDS[index]}" ;;
    esac
  done
  case "$command $previous" in
${paths.flatMap(valueCases).join("\n")}
  esac
  case "$command" in
${paths.map((each) => `    ${quoted(each.path.join(" "))}) words=${quoted(wordsOf(each.command).join(" "))} ;;`).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

_falco_outputs_file() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$1"))
}

complete -F _falco_outputs ${program.name}`;
}

/** What may follow a flag that takes a value. */
function valueCases({ path, command }: CommandPath): string[] {
  return command.flags
    .filter(({ value }) => value !== undefined)
    .map(({ names, choices, isPath }) => {
      const pattern = names.map((name) => quoted(`${path.join(" ")} ${name}`)).join(" | ");
      const action = isPath
        ? `_falco_outputs_file "$current"; return`
        : choices.length > 0
          ? `COMPREPLY=($(compgen -W ${quoted(choices.join(" "))} -- "$current")); return`
          : "return";
      return `    ${pattern}) ${action} ;;`;
    });
}

function wordsOf({ commands, flags, argument }: CommandDefinition): string[] {
  return [
    ...commands.map(({ name }) => name),
    ...(argument?.choices ?? []),
    ...flags.flatMap(({ names }) => names),
  ];
}
