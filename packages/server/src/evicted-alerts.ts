import { type Logger, Throttled } from "./logger.js";

/** Counts and tells the alerts that the log dropped before they were delivered. */
export class EvictedAlerts {
  readonly #told: Throttled;
  #count = 0;

  constructor(logger: Logger) {
    this.#told = new Throttled((lost, _, group) =>
      logger.warn(
        { lost, group },
        "the log is full: the oldest alerts were dropped before they were delivered",
      ),
    );
  }

  /** How many there were, summed over all groups. */
  get count(): number {
    return this.#count;
  }

  add(group: string, count: number): void {
    this.#count += count;
    this.#told.add(count, "", group);
  }

  /** Tells what was not told yet, and ends. */
  close(): void {
    this.#told.close();
  }
}
