import type { Command } from "commander";
import { parseDuration } from "../args/parsers.js";
import { inputVariable } from "../connection/named-address.js";

// Its options are parsed in two places: what src/forward/main.ts understands never gets here.
export function addForwardCommand(program: Command): void {
  program
    .command("forward")
    .description(
      "Post the alerts on standard input to a server on this machine, and exit: for Falco's program_output",
    )
    .option(
      "-a, --address <addr>",
      `the server's http input: unix:///path, a path, or host:port of a loopback address, also as a URL (default: unix:///run/falco/falco-input.sock, or that of a server of the same user) (env: ${inputVariable})`,
    )
    .option(
      "--timeout <duration>",
      "how long the server may take, e.g. 500ms (default: 2s) (env: FALCO_OUTPUTS_TIMEOUT)",
      parseDuration,
    )
    .action(async (options) => (await import("./forward.js")).forward(options));
}
