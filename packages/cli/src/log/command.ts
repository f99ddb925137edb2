import { type Command, Option } from "commander";
import { readingEnvironment } from "../args/environment.js";
import { parseTime } from "../args/parsers.js";
import { addPrintingFlags } from "../print/printing-flags.js";
import { addFilterFlags } from "../subscribe/filter-flags.js";
import type { ExportOptions } from "./export.js";

const notes =
  "\nThe log is in the directory of log.directory (serve --log-dir). A server may use it meanwhile: nothing is changed, and what is written at the moment may seem to be cut off.";

const outputVariable = { "--output": "FALCO_OUTPUTS_LOG_OUTPUT" };

export function addLogCommand(program: Command): void {
  const log = program.command("log").description("Look into a server's log on a disk, without the server");
  addInspection(log, "info", "Print what is in a log: its files, alerts and groups");
  addInspection(log, "verify", "Read all of a log, and print what is damaged; exit status 1 if anything is");
  const exporting = log
    .command("export")
    .description("Print the alerts of a log, oldest first")
    .argument("<dir>", "the log's directory");
  exporting
    .optionsGroup("Which alerts:")
    .option("--since <time>", "only alerts that are not older, e.g. 2h, 1d or 2026-11-01", parseTime)
    .option("--until <time>", "only alerts that are older", parseTime);
  addFilterFlags(exporting);
  addPrintingFlags(exporting, "json, or table with --columns");
  exporting
    .addHelpText("after", notes)
    .action(async (directory: string, options: ExportOptions) =>
      (await import("./export.js")).exportLog(directory, options),
    );
  readingEnvironment(exporting, outputVariable);
}

function addInspection(log: Command, name: "info" | "verify", description: string): void {
  const command = log
    .command(name)
    .description(description)
    .argument("<dir>", "the log's directory")
    .addOption(new Option("-o, --output <format>").choices(["compact", "json"]).default("compact"))
    .addHelpText("after", notes)
    .action(async (directory: string, { output }: { output: string }) =>
      (await import("./inspect.js")).inspect(directory, name === "verify", output === "json"),
    );
  readingEnvironment(command, outputVariable);
}
