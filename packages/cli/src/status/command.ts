import { type Command, Option } from "commander";
import { readingEnvironment } from "../args/environment.js";
import { addConnectionOptions } from "../connection/connection-options.js";

const access =
  "\nA server answers on its unix sockets, and over mutual TLS to the names that its configuration allows (admin.allowed_names).";

export function addStatusCommand(program: Command): void {
  const command = program
    .command("status")
    .description(
      "Print how a server is: its versions, what it retains, its streams, groups, inputs and outputs",
    )
    .addOption(new Option("-o, --output <format>").choices(["compact", "json"]).default("compact"))
    .addHelpText("after", access)
    .action(async (options) => (await import("./status.js")).status(options));
  readingEnvironment(addConnectionOptions(command), { "--output": "FALCO_OUTPUTS_STATUS_OUTPUT" });
}
