import { backoffMs } from "../backoff.js";

/**
 * When a client tries to connect again: one decision for all of its streams, which lose their connection together and
 * come back together.
 */
export class ReconnectPace {
  /** How many attempts in a row have failed. */
  #failed = 0;
  #nextAtMs = 0;
  /** How often it was decided. A failure of an attempt that began before the last decision is not another one. */
  round = 0;

  /**
   * How long to wait after a connection failed, in milliseconds.
   * @param round The round in which the attempt, or the connection that was lost, began.
   */
  waitMs(round: number, initialMs: number, maxMs: number): number {
    const nowMs = performance.now();
    if (round === this.round) {
      const waitMs = backoffMs(++this.#failed, initialMs, maxMs, Math.random());
      this.round++;
      this.#nextAtMs = nowMs + waitMs;
      return waitMs;
    }
    return Math.max(0, this.#nextAtMs - nowMs);
  }

  /** The server is there: the next failure is the first. */
  reset(): void {
    this.#failed = 0;
  }
}
