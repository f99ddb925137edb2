import type { Attempt, FormattedAlerts, Sink } from "../sink.js";

/** A sink whose every call does what the test says. */
export class ControlledSink implements Sink {
  maxAlerts = Number.POSITIVE_INFINITY;
  /** What it was called with, one entry a call: the lines, "reopen", "close". */
  readonly calls: string[] = [];
  #behaviour: (lines: string[], attempt: Attempt) => Promise<void> | void = () => undefined;

  /** How `write` behaves from now on. */
  behave(behaviour: (lines: string[], attempt: Attempt) => Promise<void> | void): void {
    this.#behaviour = behaviour;
  }

  async write(alerts: FormattedAlerts, attempt: Attempt): Promise<void> {
    const lines = alerts.ends.map((end, index) =>
      Buffer.from(alerts.bytes.subarray(alerts.ends[index - 1] ?? 0, end))
        .toString()
        .trimEnd(),
    );
    this.calls.push(lines.join());
    await this.#behaviour(lines, attempt);
  }

  async reopen(_: AbortSignal): Promise<void> {
    this.calls.push("reopen");
  }

  async close(_: AbortSignal): Promise<void> {
    this.calls.push("close");
  }
}

/** Hangs until the attempt's time is over. */
export function hang(_: string[], { signal }: Pick<Attempt, "signal">): Promise<void> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason));
  });
}
