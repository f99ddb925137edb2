import { type Command, InvalidArgumentError, type Option } from "commander";
import { RepeatableOption } from "./repeatable-option.js";

const prefix = "FALCO_OUTPUTS_";
/** Flags that say something of the command line itself. */
const withoutVariable: ReadonlySet<string> = new Set(["--help", "--not", "--print-filters"]);
const switches: Readonly<Record<string, boolean>> = {
  true: true,
  1: true,
  yes: true,
  false: false,
  0: false,
  no: false,
};

/**
 * Lets every flag of the command take its default from the environment: --min-priority from FALCO_OUTPUTS_MIN_PRIORITY.
 * A flag that may be repeated takes one value a line. An empty variable counts as none.
 * @param otherNames Of the variables for flags that mean something else in another command.
 */
export function readingEnvironment(
  command: Command,
  otherNames: Readonly<Record<string, string>> = {},
): Command {
  for (const option of command.options) {
    const flag = option.long!;
    if (withoutVariable.has(flag)) continue;
    const variable = otherNames[flag] ?? variableOf(flag);
    // Commander itself would take a switch for on whatever its variable says, and an empty text for a value.
    command.on(`optionEnv:${option.name()}`, () => take(command, option, variable));
    option.env(variable);
  }
  return command;
}

function take(command: Command, option: Option, variable: string): void {
  const text = process.env[variable] ?? "";
  if (text === "") return;
  try {
    command.setOptionValueWithSource(option.attributeName(), parsed(option, text), "env");
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    command.error(`error: ${variable}: ${JSON.stringify(text)} is invalid. ${error.message}`);
  }
}

/** @throws InvalidArgumentError for a text that the option does not take. */
function parsed(option: Option, text: string): unknown {
  if (option.isBoolean()) {
    const isOn = switches[text.toLowerCase()];
    // As if the flag were not there.
    if (isOn !== undefined) return isOn ? true : undefined;
    throw new InvalidArgumentError("expected true or false.");
  }
  const { parseArg } = option;
  if (parseArg === undefined) return text;
  const values = option instanceof RepeatableOption ? text.split("\n").filter((line) => line !== "") : [text];
  return values.reduce((previous: unknown, value) => parseArg(value, previous), undefined);
}

function variableOf(flag: string): string {
  return prefix + flag.replace(/^--/, "").replaceAll("-", "_").toUpperCase();
}

/** An error's text about flags with the variables in the place of the flags whose values came from them. */
export function inVariables(message: string, command: Command): string {
  const commands = [command, ...(command.parent === null ? [] : [command.parent])];
  return message.replace(/--[a-z][a-z-]*/g, (flag) => {
    for (const each of commands) {
      const option = each.options.find(({ long }) => long === flag);
      if (option !== undefined && each.getOptionValueSource(option.attributeName()) === "env") {
        return option.envVar!;
      }
    }
    return flag;
  });
}
