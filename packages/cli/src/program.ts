import { readFileSync } from "node:fs";
import { Code, FalcoError } from "@falco-outputs/node";
import { Command, CommanderError } from "commander";
import { addForwardCommand } from "./commands/forward.js";
import { addServeCommand } from "./commands/serve.js";
import { addSubscribeCommands } from "./commands/subscribe.js";
import { addVersionCommand } from "./commands/version.js";
import { tell } from "./tell.js";
import { UsageError } from "./usage-error.js";

const done = 0;
const failed = 1;
const wrongUsage = 2;

/** Runs the command line; gives the exit status. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: "user" });
    return done;
  } catch (error) {
    // Commander has said already what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? done : wrongUsage;
    for (const message of error instanceof UsageError ? error.messages : [(error as Error).message]) {
      tell(message);
    }
    return isUsageError(error) ? wrongUsage : failed;
  }
}

function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const program = new Command("falco-outputs")
    .description("Falco's alerts over gRPC: serve them, and subscribe to them")
    .version(version)
    .addHelpText(
      "after",
      "\nExit status: 0 done, 1 failed, 2 wrong usage.\nEnvironment: FALCO_OUTPUTS_ADDRESS is the default of --address, FALCO_OUTPUTS_INPUT that of forward; NO_COLOR turns colours off.",
    )
    .showHelpAfterError("(falco-outputs --help tells more)")
    .exitOverride();
  addServeCommand(program);
  addSubscribeCommands(program);
  addForwardCommand(program);
  addVersionCommand(program);
  return program;
}

function isUsageError(error: unknown): boolean {
  return (
    error instanceof UsageError ||
    (error instanceof FalcoError && error.code === Code.InvalidArgument && !error.fromServer)
  );
}
