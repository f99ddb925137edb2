import type { Command } from "commander";
import type { CheckOptions } from "./options.js";

export function addCheckCommand(program: Command): void {
  program
    .command("check")
    .description("Say what is wrong with a configuration file, on this machine, without serving")
    .requiredOption("-c, --config <file>", "the file that serve would read")
    .option("--connect", "also connect to the receivers and servers that it names")
    .addHelpText(
      "after",
      "\nIt listens where serve would, for a moment: an address that is in use is a problem.\nExit status: 0 nothing is wrong, 1 something on this machine is, 2 the file is.",
    )
    .action(async (options: CheckOptions) => (await import("./check.js")).check(options));
}

export function addSchemaCommand(program: Command): void {
  program
    .command("schema")
    .description("Print the JSON schema of the configuration file, for editors")
    .action(async () => (await import("./schema.js")).printSchema());
}
