import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { UsageError } from "./args/usage-error.js";
import { addForwardCommand } from "./forward/command.js";
import { say } from "./print/line-writer.js";
import { tell, warn } from "./print/tell.js";
import { addServeCommand } from "./serve/command.js";
import { addSubscribeCommands } from "./subscribe/command.js";
import { addVersionCommand } from "./version/command.js";

// Only what --help needs is loaded here: a command loads the rest when it runs.

const done = 0;
const failed = 1;
const wrongUsage = 2;

/** Runs the command line; returns the exit status. */
export async function run(args: readonly string[]): Promise<number> {
  let help = "";
  const program = createProgram((text) => {
    help += text;
  });
  try {
    await parse(program, args);
    await say(help);
    return done;
  } catch (error) {
    // Commander has already said what is wrong.
    if (error instanceof CommanderError) return wrongUsage;
    for (const message of error instanceof UsageError ? error.messages : [(error as Error).message]) {
      tell(message);
    }
    return error instanceof UsageError ? wrongUsage : failed;
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

function createProgram(writeOut: (text: string) => void): Command {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const program = new Command("falco-outputs")
    .description("Falco's alerts over gRPC: serve them, and subscribe to them")
    .version(version)
    .addHelpText(
      "after",
      "\nExit status: 0 done, 1 failed, 2 wrong usage.\nEnvironment: FALCO_OUTPUTS_ADDRESS is the default of --address, FALCO_OUTPUTS_INPUT that of forward; NO_COLOR turns colours off.",
    )
    .showHelpAfterError("(falco-outputs --help tells more)")
    .configureOutput({ writeOut, writeErr: warn })
    .exitOverride();
  addServeCommand(program);
  addSubscribeCommands(program);
  addForwardCommand(program);
  addVersionCommand(program);
  return program;
}
