import { pieceAt } from "../../alert-batch.js";
import { untilAborted } from "../../until-aborted.js";
import { type Attempt, type FormattedAlerts, Refused, type Sink } from "../sink.js";
import { type Exit, failureOf, isNotStarted, ProcessGroup } from "./group.js";
import type { ProgramReports } from "./reports.js";

/** How many processes there are at once. */
const maxProcesses = 4;

/**
 * A process for each alert, which reads it from its standard input: started in order, at most four at once. An alert
 * counts as written when its process has ended, with whatever exit status, as with Falco; it has failed, and is not
 * given to another one, if there is no such program, or if it did not end in time.
 */
export class ProgramPerAlert implements Sink {
  readonly maxAlerts = maxProcesses;
  readonly #program: string;
  readonly #reports: ProgramReports;

  constructor(program: string, reports: ProgramReports) {
    this.#program = program;
    this.#reports = reports;
  }

  async write(alerts: FormattedAlerts, { signal, written }: Attempt): Promise<void> {
    signal.throwIfAborted();
    const runs = alerts.ends.map((_, index) => this.#run(pieceAt(alerts, index), signal));
    const failures = (await Promise.all(runs)).filter((result) => result !== undefined);
    const [failure] = failures;
    if (failure === undefined) return;
    // None of them had a process: they can be tried again.
    if (failures.length === runs.length && failures.every((error) => error instanceof NotForked))
      throw failure;
    // Which ones does not matter, only how many.
    written(runs.length - failures.length);
    throw new Refused(failure.message);
  }

  async reopen(): Promise<void> {}

  async close(): Promise<void> {
    this.#reports.close();
  }

  /** Gives why the alert failed, if it did. */
  async #run(alert: Uint8Array, signal: AbortSignal): Promise<Error | undefined> {
    let cause: unknown;
    let exit: Exit;
    try {
      const group = new ProcessGroup(this.#program, (line) => this.#reports.errors.add(1, line));
      // One that does not read it has what it wants.
      group.stdin.end(alert);
      exit = await untilAborted(group.exit, signal).catch(async (error) => {
        if (!signal.aborted) throw error;
        cause = error;
        await group.terminate();
        return { status: null, signal: "SIGKILL" };
      });
    } catch (error) {
      return new NotForked((error as Error).message);
    }
    if (cause !== undefined) return new Error(`the program was ended: ${(cause as Error).message}`);
    const reason = failureOf(exit);
    if (reason === undefined) return undefined;
    if (isNotStarted(exit)) return new Error(`there is no such program (${reason})`);
    this.#reports.ends.add(1, reason);
    return undefined;
  }
}

/** The system has no room for another process; it may have later. */
class NotForked extends Error {}
