import { type Command, Option } from "commander";
import { readingEnvironment } from "../args/environment.js";
import { parseCount, parseSequence, parseTime } from "../args/parsers.js";
import { addConnectionOptions } from "../connection/connection-options.js";
import { addPrintingFlags } from "../print/printing-flags.js";
import { addFilterFlags } from "./filter-flags.js";
import type { SubscribeOptions } from "./options.js";

const looking = "Takes nothing away from other subscribers, unless --group or --shared is given.";

const times = `
A time is how long ago (90m, 2h, 1d, 1h30m), or a date (2026-11-01), also with a
time and an offset (2026-11-01T22:00:00Z). Without an offset, it is one of the
local clock.

A variable of the environment is the default of its flag; of a flag that may be
repeated, it has one value a line.`;

export function addSubscribeCommands(program: Command): void {
  add(program, "sub", "Print alerts as they arrive, until interrupted");
  add(program, "get", "Print the alerts that the server retains, oldest first, and end");
}

function add(program: Command, method: "sub" | "get", description: string): void {
  const command = program.command(method).description(`${description}. ${looking}`);
  addSelection(command, method);
  addFilterFlags(command);
  addPrintingFlags(command, "compact, or table with --columns");
  addConnectionOptions(command).option(
    "--wait",
    "go on trying when the server is not there yet; for as long as --timeout says, if it is given",
  );
  command.addHelpText("after", times).action(async (options: SubscribeOptions) => {
    const isGiven = (name: string) => command.getOptionValueSource(name) === "cli";
    await (await import("./subscribe.js")).subscribe(method, options, isGiven);
  });
  // FALCO_OUTPUTS_INPUT is the address to which `forward` posts.
  readingEnvironment(command, { "--input": "FALCO_OUTPUTS_INPUT_FILE" });
}

function addSelection(command: Command, method: "sub" | "get"): void {
  command
    .optionsGroup("Which alerts:")
    .addOption(
      new Option(
        "--group <name>",
        "take from this group: its members share its alerts, every group gets all of them",
      ).conflicts(["shared", "last", "since", "until"]),
    )
    .addOption(
      new Option("--shared", "take from Falco's shared queue: each alert goes to one subscriber").conflicts([
        "last",
        "after",
        "since",
        "until",
      ]),
    );
  if (method === "sub") {
    command.option(
      "--acknowledge",
      "with --group or --shared: an alert whose line was not written goes to another subscriber",
    );
  }
  command
    .option(
      "--since <time>",
      method === "sub"
        ? "first the retained alerts that are not older, then what comes"
        : "only alerts that are not older, e.g. 2h, 1d or 2026-11-01",
      parseTime,
    )
    .addOption(
      new Option(
        "--after <sequence>",
        "start after this sequence number; 0: with the oldest retained. A group only if it is new",
      )
        .argParser(parseSequence)
        .conflicts(["last"]),
    )
    .option(
      "--last <count>",
      method === "sub"
        ? "first the last so many alerts that the server retains, then what comes"
        : "only the last so many alerts that the server retains; with -f, then what comes",
      parseCount,
    );
  if (method === "get") {
    command
      .addOption(
        new Option("--until <time>", "only alerts that are older").argParser(parseTime).conflicts("follow"),
      )
      .option("-f, --follow", "go on with what comes");
  }
  command
    .option(
      "-n, --count <count>",
      "end after so many alerts; with --shared or --group, those already sent beyond them are lost, unless with --acknowledge",
      parseCount,
    )
    .option(
      "--input <file>",
      "read Falco's alerts from this file, or from standard input with -, instead of asking a server: one per line, as JSON or text",
    );
}
