import { type Command, Option } from "commander";
import { readingEnvironment } from "../args/environment.js";
import { addConnectionOptions } from "../connection/connection-options.js";

const access =
  "\nA server answers on its unix sockets, and over mutual TLS to the names that its configuration allows (admin.allowed_names).";

export function addGroupsCommand(program: Command): void {
  const groups = program
    .command("groups")
    .description("Print the groups that a server knows, and what waits for each")
    .addOption(new Option("-o, --output <format>").choices(["compact", "json"]).default("compact"))
    .addHelpText("after", access)
    .action(async (options) => (await import("./groups.js")).listGroups(options));
  readingEnvironment(addConnectionOptions(groups), { "--output": "FALCO_OUTPUTS_GROUPS_OUTPUT" });
  // The options of `groups` are taken before and after it.
  const forget = groups
    .command("forget")
    .description("Make a server forget a group without members, with its place and what waits for it")
    .argument("<name>", "the group")
    .configureHelp({ showGlobalOptions: true })
    .action(async (name) => (await import("./groups.js")).forgetGroup(name, forget.optsWithGlobals()));
}
