import { invalidOption } from "../../invalid-option.js";
import type { Logger } from "../../logger.js";
import type { Sink } from "../sink.js";
import { KeptProgram } from "./kept-program.js";
import { ProgramPerAlert } from "./program-per-alert.js";
import { ProgramReports } from "./reports.js";

export interface ProgramOptions {
  /** A shell command that reads alerts from its standard input. */
  program: string;
  /**
   * One process for all alerts, a line each, until the outputs are reopened (`keep_alive`), instead of a process for
   * each alert. Default: false.
   */
  keepAlive?: boolean;
}

/**
 * The program output (falco.yaml's `program_output`).
 * @param timeoutMs How long a process may take to end.
 * @throws FalcoError with InvalidArgument for a program that is none.
 */
export function createProgramSink(
  { program, keepAlive = false }: ProgramOptions,
  timeoutMs: number,
  logger: Logger,
): Sink {
  if (program.trim() === "" || program.includes("\0")) {
    throw invalidOption(`outputs.program.program: ${JSON.stringify(program)}, expected a shell command`);
  }
  const reports = new ProgramReports(logger);
  return keepAlive ? new KeptProgram(program, timeoutMs, reports) : new ProgramPerAlert(program, reports);
}
