import { type Command, Option } from "commander";
import { addConnectionOptions } from "../connection/connection-options.js";

export function addVersionCommand(program: Command): void {
  const command = program
    .command("version")
    .description("Print the version of the Falco behind a server")
    .addOption(new Option("-o, --output <format>").choices(["compact", "json"]).default("compact"));
  addConnectionOptions(command).action(async (options) => (await import("./version.js")).version(options));
}
