import { untilAborted } from "../../until-aborted.js";
import { type Attempt, type FormattedAlerts, Refused, type Sink } from "../sink.js";
import { failureOf, isNotStarted, ProcessGroup } from "./process-group.js";
import type { ProgramReports } from "./reports.js";

/**
 * One process per alert, which it reads from its standard input: one after the other, as in Falco. An alert counts as
 * written when its process has ended, whatever its exit status, as in Falco; it has failed, and is not retried, if the
 * program does not exist or did not end in time.
 */
export class ProgramPerAlert implements Sink {
  readonly maxAlerts = 1;
  readonly #program: string;
  readonly #reports: ProgramReports;

  constructor(program: string, reports: ProgramReports) {
    this.#program = program;
    this.#reports = reports;
  }

  async write({ bytes }: FormattedAlerts, { signal }: Attempt): Promise<void> {
    signal.throwIfAborted();
    // Fails if the system cannot start another process now; it may later.
    const group = new ProcessGroup(this.#program, (line) => this.#reports.errors.add(1, line));
    // A process need not read its input.
    group.stdin.end(bytes);
    const exit = await untilAborted(group.exit, signal).catch(async (error: Error) => {
      if (!signal.aborted) throw error;
      await group.terminate();
      throw new Refused(`the program was ended: ${error.message}`);
    });
    const failure = failureOf(exit);
    if (failure === undefined) return;
    if (isNotStarted(exit)) throw new Refused(`no such program (${failure})`);
    this.#reports.ends.add(1, failure);
  }

  async reopen(): Promise<void> {}

  async close(): Promise<void> {
    this.#reports.close();
  }
}
