import type { Cursor } from "../log/alert-log.js";

/** How often a client is told at most that alerts were passed over, in milliseconds. */
const newsIntervalMs = 1_000;

/**
 * Tells a client that waits for alerts how far the log was looked at: when that moved without an alert, and at least
 * once an interval. It looks from time to time at what was sent, so that sending costs nothing.
 */
export class Heartbeats {
  readonly #cursor: Cursor;
  readonly #passesOver: boolean;
  /** After so many ticks in silence, the next one may be too late. */
  readonly #ticks: number;
  readonly #timer: NodeJS.Timeout;
  #silentTicks = 0;
  #wasSent = false;
  #told: number;

  /**
   * @param intervalMs The longest silence, in milliseconds.
   * @param passesOver Whether the cursor may pass over alerts, because of a filter or a time window.
   */
  constructor(cursor: Cursor, intervalMs: number, passesOver: boolean) {
    this.#cursor = cursor;
    this.#passesOver = passesOver;
    this.#told = cursor.scanned;
    const halfMs = intervalMs / 2;
    const tickMs = passesOver ? Math.min(newsIntervalMs, halfMs) : halfMs;
    this.#ticks = Math.ceil(halfMs / tickMs);
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
  }

  /** Something was sent: the client knows that the connection lives, and how far the log was looked at. */
  sent(): void {
    this.#wasSent = true;
    this.#told = this.#cursor.scanned;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#silentTicks = this.#wasSent ? 0 : this.#silentTicks + 1;
    this.#wasSent = false;
    const hasNews = this.#passesOver && this.#cursor.scanned > this.#told;
    if (hasNews || this.#silentTicks >= this.#ticks) this.#cursor.heartbeat();
  }
}
