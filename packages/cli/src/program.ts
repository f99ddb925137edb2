import { Command } from "commander";
import { addCertsCommand } from "./certs/command.js";
import { addCheckCommand, addSchemaCommand } from "./check/command.js";
import { addCompletionCommand } from "./completion/command.js";
import { addForwardCommand } from "./forward/command.js";
import { addGroupsCommand } from "./groups/command.js";
import { addLogCommand } from "./log/command.js";
import { packageVersion } from "./package-version.js";
import { addServeCommand } from "./serve/command.js";
import { addStatusCommand } from "./status/command.js";
import { addSubscribeCommands } from "./subscribe/command.js";
import { addTestCommand } from "./test/command.js";
import { addVersionCommand } from "./version/command.js";

// Only what --help needs is loaded here: a command loads the rest when it runs.

/** The definition of all commands: what is parsed, --help, the completion and the man page. */
export function createProgram(): Command {
  const program = new Command("falco-outputs")
    .description("Falco's alerts over gRPC: serve them, and subscribe to them")
    .version(packageVersion())
    .addHelpText(
      "after",
      "\nExit status: 0 done, 1 failed, 2 wrong usage.\nEnvironment: NO_COLOR turns colours off; the --help of each command names the variables for its flags.",
    )
    .showHelpAfterError("(falco-outputs --help tells more)")
    .exitOverride();
  addServeCommand(program);
  addCheckCommand(program);
  addSchemaCommand(program);
  addSubscribeCommands(program);
  addForwardCommand(program);
  addStatusCommand(program);
  addGroupsCommand(program);
  addLogCommand(program);
  addVersionCommand(program);
  addTestCommand(program);
  addCertsCommand(program);
  addCompletionCommand(program);
  return program;
}
