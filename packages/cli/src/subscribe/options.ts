import { type Command, InvalidArgumentError, Option } from "commander";
import { addConnectionOptions, type ConnectionOptions } from "../client-options.js";
import { parseCount } from "../parse-count.js";
import { type ColorMode, colorModes } from "../print/color.js";
import { type Format, formats } from "../print/format.js";
import { addFilterOptions, type FilterOptions } from "./filter-options.js";

/** What `sub` and `get` are told. */
export interface SubscribeOptions extends ConnectionOptions, FilterOptions {
  group?: string;
  shared?: boolean;
  acknowledge?: boolean;
  after?: bigint;
  last?: number;
  follow?: boolean;
  count?: number;
  wait?: boolean;
  output: Format;
  color: ColorMode;
}

export function addSubscribeOptions(command: Command, method: "sub" | "get"): Command {
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
        "start behind this sequence number; 0: with the oldest retained. A group only if it is new",
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
    "end after so many alerts; of --shared and --group, others on their way are gone then, unless with --acknowledge",
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

const maxSequence = 2n ** 64n - 1n;

function parseSequence(text: string): bigint {
  const sequence = /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  if (sequence !== undefined && sequence <= maxSequence) return sequence;
  throw new InvalidArgumentError("expected a sequence number, as -o json shows it.");
}
