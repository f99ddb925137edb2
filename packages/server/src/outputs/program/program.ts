import { OptionError } from "@falco-outputs/core/options";
import type { Logger } from "../../logger.js";
import type { NamedOutput } from "../selection.js";
import type { Sink } from "../sink.js";
import { KeptProgram } from "./kept-program.js";
import { ProgramPerAlert } from "./program-per-alert.js";
import { ProgramReports } from "./reports.js";

export interface ProgramOptions extends NamedOutput {
  /** A shell command that reads alerts from its standard input. */
  program: string;
  /**
   * One process for all alerts, one line each, until the outputs are reopened (`keep_alive`), instead of a process for
   * each alert. Default: false.
   */
  keepAlive?: boolean;
}

/**
 * The program output (falco.yaml's `program_output`).
 * @throws OptionError for what is not a command.
 */
export function createProgramSink({ program, keepAlive = false }: ProgramOptions, logger: Logger): Sink {
  if (program.trim() === "" || program.includes("\0")) {
    throw new OptionError({ option: "outputs.program.program", got: program, expected: "a shell command" });
  }
  const reports = new ProgramReports(logger);
  return keepAlive ? new KeptProgram(program, reports) : new ProgramPerAlert(program, reports);
}
