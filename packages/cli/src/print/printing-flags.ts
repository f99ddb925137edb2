import { type Command, Option } from "commander";
import { parseWord } from "../args/parsers.js";
import { colorModes, formats, timeFormats } from "./choices.js";

/** @param defaultFormat In words. */
export function addPrintingFlags(command: Command, defaultFormat: string): void {
  command
    .optionsGroup("How they are printed:")
    .addOption(
      new Option(
        "-o, --output <format>",
        `compact: a line an alert; dict: a block of lines; json: Falco's JSON; jsonpb: the API's message as JSON; table: columns (default: ${defaultFormat})`,
      ).choices(formats),
    )
    .option(
      "--columns <names>",
      "the table's columns, e.g. time,rule,k8s.pod.name: time, priority, rule, output, source, hostname, tags, sequence, or any output field (default: time,priority,rule,output)",
    )
    .addOption(
      new Option("--time-format <format>", "how times are printed, but for json and jsonpb")
        .choices(timeFormats)
        .argParser(parseWord(timeFormats))
        .default("rfc3339nano"),
    )
    .addOption(new Option("--color <when>", "colour priorities").choices(colorModes).default("auto"));
}
