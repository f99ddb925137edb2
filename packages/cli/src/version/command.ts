import { type Command, Option } from "commander";
import { readingEnvironment } from "../args/environment.js";
import { addConnectionOptions } from "../connection/connection-options.js";

export function addVersionCommand(program: Command): void {
  const command = program
    .command("version")
    .description("Print the version of the Falco behind a server")
    .addOption(new Option("-o, --output <format>").choices(["compact", "json"]).default("compact"));
  readingEnvironment(addConnectionOptions(command), { "--output": "FALCO_OUTPUTS_VERSION_OUTPUT" }).action(
    async (options) => (await import("./version.js")).version(options),
  );
}
