import { type Command, Option } from "commander";
import { readingEnvironment } from "../args/environment.js";
import { adminAccess } from "../connection/admin-access.js";
import { addConnectionOptions } from "../connection/connection-options.js";

export function addStatusCommand(program: Command): void {
  const command = program
    .command("status")
    .description(
      "Print how a server is: its versions, what it retains, its streams, groups, inputs and outputs",
    )
    .addOption(new Option("-o, --output <format>").choices(["compact", "json"]).default("compact"))
    .addHelpText("after", adminAccess)
    .action(async (options) => (await import("./status.js")).status(options));
  readingEnvironment(addConnectionOptions(command), { "--output": "FALCO_OUTPUTS_STATUS_OUTPUT" });
}
