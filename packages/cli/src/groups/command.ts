import { type Command, Option } from "commander";
import { readingEnvironment } from "../args/environment.js";
import { adminAccess } from "../connection/admin-access.js";
import { addConnectionOptions } from "../connection/connection-options.js";

export function addGroupsCommand(program: Command): void {
  const groups = program
    .command("groups")
    .description("Print the groups that a server knows, and what waits for each")
    .addOption(new Option("-o, --output <format>").choices(["compact", "json"]).default("compact"))
    .addHelpText("after", adminAccess)
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
