import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "@falco-outputs/core/backoff";
import { untilAborted } from "../../until-aborted.js";
import type { Attempt, FormattedAlerts, Sink } from "../sink.js";
import { StreamWriter } from "../stream-writer.js";
import { type Exit, failureOf, isNotStarted, ProcessGroup } from "./process-group.js";
import type { ProgramReports } from "./reports.js";

/** How long a shell may take to find that a program does not exist, in milliseconds. */
const settleMs = 500;
/** A process that ran for so long, in milliseconds, was a good one: the next starts at once. */
const steadyMs = 10_000;
const initialBackoffMs = 100;
const maxBackoffMs = 5_000;

/**
 * One process that reads alerts from its standard input, one line each. When it ends it is started again for the next
 * alert, with backoff. An alert counts as written when the process's pipe has all of its line: what was in the pipe of
 * a process that died is lost, as with Falco, and a line that it had only a part of goes to the next one as a whole. One
 * that reads nothing until its alerts are given up is killed, so that it never reads half a line.
 */
export class KeptProgram implements Sink {
  readonly maxAlerts = Number.POSITIVE_INFINITY;
  readonly #program: string;
  readonly #reports: ProgramReports;
  #group: ProcessGroup | undefined;
  #writer: StreamWriter | undefined;
  /** How many processes in a row ended soon after their start. */
  #shortRuns = 0;
  /** No process starts before this time, in milliseconds of `performance.now()`. */
  #startsAt = 0;
  #isEnding = false;

  constructor(program: string, reports: ProgramReports) {
    this.#program = program;
    this.#reports = reports;
  }

  async write(alerts: FormattedAlerts, attempt: Attempt): Promise<void> {
    const { signal } = attempt;
    if (this.#group !== undefined && this.#writer?.isStuckBefore(alerts)) {
      this.#reports.ends.add(1, "it did not read its input, and was killed");
      await this.#group.kill();
    }
    const running = this.#running();
    if (running === undefined) return this.#writeToNew(alerts, attempt);
    try {
      await running.writer.write(alerts, attempt);
    } catch (error) {
      // A process that closed its input is of no use any longer.
      if (!signal.aborted) await running.group.terminate();
      throw error;
    }
  }

  async reopen(signal: AbortSignal): Promise<void> {
    await this.#end(signal);
    this.#shortRuns = 0;
    this.#startsAt = 0;
  }

  async close(signal: AbortSignal): Promise<void> {
    await this.#end(signal);
    this.#reports.close();
  }

  #running(): { group: ProcessGroup; writer: StreamWriter } | undefined {
    const [group, writer] = [this.#group, this.#writer];
    return group === undefined || writer === undefined || group.hasEnded ? undefined : { group, writer };
  }

  /** Starts a process and writes. What its pipe took counts only once the program is known to exist. */
  async #writeToNew(alerts: FormattedAlerts, { signal, written }: Attempt): Promise<void> {
    const wait = this.#startsAt - performance.now();
    if (wait > 0) await untilAborted(delay(wait), signal);
    signal.throwIfAborted();
    const { group, writer } = this.#start();
    let taken = 0;
    const writing = writer.write(alerts, {
      signal,
      written: (count) => {
        taken = count;
      },
    });
    const error = await writing.then(
      () => undefined,
      (reason: Error) => reason,
    );
    await untilAborted(group.endsWithin(settleMs), signal).catch(() => undefined);
    if (group.hasEnded) {
      const exit = await group.exit;
      if (isNotStarted(exit)) throw new Error(`no such program (${failureOf(exit)})`);
    }
    written(taken);
    if (error === undefined) return;
    if (!signal.aborted) await group.terminate();
    throw error;
  }

  #start(): { group: ProcessGroup; writer: StreamWriter } {
    const group = new ProcessGroup(this.#program, (line) => this.#reports.errors.add(1, line));
    const startedAt = performance.now();
    // Always the same one: it knows of which line the last process got only a part.
    this.#writer ??= new StreamWriter(group.stdin, 1);
    this.#writer.stream = group.stdin;
    this.#group = group;
    const onEnd = (reason: string) => {
      this.#shortRuns = performance.now() - startedAt < steadyMs ? this.#shortRuns + 1 : 0;
      const ms = backoffMs(this.#shortRuns, initialBackoffMs, maxBackoffMs, Math.random());
      this.#startsAt = performance.now() + (this.#shortRuns === 0 ? 0 : ms);
      if (!this.#isEnding) this.#reports.ends.add(1, reason);
    };
    group.exit.then(
      (exit: Exit) => onEnd(failureOf(exit) ?? "exit status 0"),
      (error: Error) => onEnd(error.message),
    );
    return { group, writer: this.#writer };
  }

  /** Ends the process: its input first, and the process itself when its time is up. */
  async #end(signal: AbortSignal): Promise<void> {
    const running = this.#running();
    if (running === undefined) return;
    const { group, writer } = running;
    this.#isEnding = true;
    group.stdin.end();
    await untilAborted(group.exit, signal).catch(() => undefined);
    // A program that is told to end may read its pipe first, and must not find half a line.
    if (writer.isStuck) await group.kill();
    else await group.terminate();
    this.#isEnding = false;
  }
}
