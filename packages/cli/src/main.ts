import { type Command, CommanderError } from "commander";
import { inVariables } from "./args/environment.js";
import { UsageError } from "./args/usage-error.js";
import { say } from "./print/line-writer.js";
import { tell, warn } from "./print/tell.js";
import { createProgram } from "./program.js";

const done = 0;
const failed = 1;
const wrongUsage = 2;

/** Runs the command line; returns the exit status. */
export async function run(args: readonly string[]): Promise<number> {
  let help = "";
  const program = createProgram();
  let command = program;
  for (const each of withSubcommands(program)) {
    each.configureOutput({
      writeOut: (text) => {
        help += text;
      },
      writeErr: warn,
    });
  }
  program.hook("preAction", (_, chosen) => {
    command = chosen;
  });
  try {
    await parse(program, args);
    await say(help);
    return done;
  } catch (error) {
    // Commander has already said what is wrong.
    if (error instanceof CommanderError) return wrongUsage;
    if (!(error instanceof UsageError)) {
      tell((error as Error).message);
      return failed;
    }
    for (const message of error.messages) tell(inVariables(message, command));
    return wrongUsage;
  }
}

async function parse(program: Command, args: readonly string[]): Promise<void> {
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    // --help and --version end here as well.
    if (!(error instanceof CommanderError && error.exitCode === 0)) throw error;
  }
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}
