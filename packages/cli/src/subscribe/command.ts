import { type Command, Option } from "commander";
import { parseCount, parseSequence } from "../args/parsers.js";
import { addConnectionOptions } from "../connection/connection-options.js";
import { colorModes, formats } from "../print/choices.js";
import { addFilterOptions } from "./filter-options.js";

const looking =
  "A look takes nothing away: every subscriber gets all alerts, unless --group or --shared says otherwise.";

export function addSubscribeCommands(program: Command): void {
  add(program, "sub", "Print alerts as they arrive, until interrupted");
  add(program, "get", "Print the alerts that the server retains, oldest first, and end");
}

function add(program: Command, method: "sub" | "get", description: string): void {
  addOptions(program.command(method), method)
    .description(`${description}. ${looking}`)
    .action(async (options) => (await import("./subscribe.js")).subscribe(method, options));
}

function addOptions(command: Command, method: "sub" | "get"): Command {
  command
    .optionsGroup("Which alerts:")
    .addOption(
      new Option(
        "--group <name>",
        "take from this group: its members share its alerts, every group gets all of them",
      ).conflicts(["shared", "last"]),
    )
    .addOption(
      new Option("--shared", "take from Falco's shared queue: each alert goes to one subscriber").conflicts([
        "last",
        "after",
      ]),
    );
  if (method === "sub") {
    command.option(
      "--acknowledge",
      "with --group or --shared: an alert whose line was not written goes to another subscriber",
    );
  }
  command
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
  if (method === "get") command.option("-f, --follow", "go on with what comes");
  command.option(
    "-n, --count <count>",
    "end after so many alerts; with --shared or --group, those already sent beyond them are lost, unless with --acknowledge",
    parseCount,
  );
  addFilterOptions(command);
  command
    .optionsGroup("How they are printed:")
    .addOption(new Option("-o, --output <format>", "one line an alert").choices(formats).default("compact"))
    .addOption(new Option("--color <when>", "colour priorities").choices(colorModes).default("auto"));
  return addConnectionOptions(command).option(
    "--wait",
    "go on trying when the server is not there yet; for as long as --timeout says, if it is given",
  );
}
