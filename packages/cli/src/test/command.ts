import { type Command, Option } from "commander";
import { readingEnvironment } from "../args/environment.js";
import { parseWord } from "../args/parsers.js";
import { addConnectionOptions } from "../connection/connection-options.js";
import { inputVariable } from "../connection/named-address.js";
import { priorities } from "./priorities.js";

export function addTestCommand(program: Command): void {
  const command = program
    .command("test")
    .description("Post one alert of each priority to a running server, and tell where each arrived")
    .addOption(new Option("-o, --output <format>").choices(["compact", "json"]).default("compact"))
    .option(
      "--http <addr>",
      "the server's http input: unix:///path, or host:port of a loopback address (default: what the server tells, else falco-input.sock beside falco.sock)",
    )
    .option(
      "--min-priority <name>",
      "only alerts that are at least this severe, for a server whose priority keeps out others",
      parseWord(priorities.map((name) => name.toLowerCase())),
    )
    .addHelpText(
      "after",
      `
The alerts have the rule "falco-outputs test" and the source "test". They reach everyone: subscribers, and the
server's other outputs. Exit status 0: the server took all, a subscription received each within 10 s (--timeout), and
no output failed. The counts of outputs are those since the test began, other alerts included; they are not known where
the server does not tell its status.`,
    )
    .action(async (options) => (await import("./test.js")).test(options));
  readingEnvironment(addConnectionOptions(command), {
    "--output": "FALCO_OUTPUTS_TEST_OUTPUT",
    "--min-priority": "FALCO_OUTPUTS_TEST_MIN_PRIORITY",
    "--http": inputVariable,
  });
}
