import type { Writable } from "node:stream";
import type { OutputSelection } from "./selection.js";
import { type Attempt, type FormattedAlerts, Refused, type Sink } from "./sink.js";
import { StreamWriter } from "./stream-writer.js";

export interface StdoutOptions extends OutputSelection {
  /** Where the lines go; it is not ended. Default: the process's standard output. */
  stream?: Writable;
}

/**
 * The stdout output (falco.yaml's `stdout_output`). An alert counts as written when the stream has taken it. A line that
 * is not taken in time cannot be withdrawn: its alert may count as failed and still arrive, whole and once.
 */
export class StdoutSink implements Sink {
  readonly maxAlerts = Number.POSITIVE_INFINITY;
  readonly #writer: StreamWriter;

  constructor({ stream = process.stdout }: StdoutOptions) {
    this.#writer = new StreamWriter(stream, Number.POSITIVE_INFINITY);
  }

  async write(alerts: FormattedAlerts, attempt: Attempt): Promise<void> {
    if (this.#writer.stream.destroyed) throw new Refused("stdout: the stream was closed");
    try {
      await this.#writer.write(alerts, attempt);
    } catch (error) {
      // Its reader is gone, and cannot be replaced.
      const isGone = (error as NodeJS.ErrnoException).code === "EPIPE" || this.#writer.stream.destroyed;
      throw isGone ? new Refused(`stdout: nobody reads it any more: ${(error as Error).message}`) : error;
    }
  }

  async reopen(): Promise<void> {}

  async close(): Promise<void> {}
}
