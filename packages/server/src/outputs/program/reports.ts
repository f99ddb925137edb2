import { type Logger, Throttled } from "../../logger.js";

/** What is logged about a program, each kind at most every ten seconds. */
export class ProgramReports {
  /** A line on its standard error. */
  readonly errors: Throttled;
  /** It ended, or failed. */
  readonly ends: Throttled;

  constructor(logger: Logger) {
    this.errors = new Throttled((lines, line) =>
      logger.warn({ output: "program", lines, line }, "the program wrote to its standard error"),
    );
    this.ends = new Throttled((times, reason) =>
      logger.warn({ output: "program", times, reason }, "the program ended"),
    );
  }

  close(): void {
    this.errors.close();
    this.ends.close();
  }
}
