import type { Cursor, Slice } from "../log/alert-log.js";
import { scannedFrame } from "../log/slab.js";

/** How often a client is told at most that its filter passed over alerts, in milliseconds. */
const scanIntervalMs = 1_000;

/** Tells a client how far the log was looked at, when that moved without an alert, and at least once an interval. */
export class Heartbeats {
  readonly #cursor: Cursor;
  readonly #intervalMs: number;
  readonly #timer: NodeJS.Timeout;
  #lastSentMs = performance.now();
  #told: number;
  #settle: ((heartbeat: Slice) => void) | undefined;

  constructor(cursor: Cursor, intervalMs: number) {
    this.#cursor = cursor;
    this.#intervalMs = intervalMs;
    this.#told = cursor.scanned;
    this.#timer = setInterval(() => this.#tick(), Math.min(scanIntervalMs, intervalMs)).unref();
  }

  /** Resolves when it is time for one. A slice without an alert. */
  next(): Promise<Slice> {
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Alerts were sent: the client knows that the connection lives, and how far they go. */
  sent(): void {
    this.#lastSentMs = performance.now();
    this.#told = this.#cursor.scanned;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const { scanned } = this.#cursor;
    const isDue = performance.now() - this.#lastSentMs >= this.#intervalMs;
    if (this.#settle === undefined || (!isDue && scanned <= this.#told)) return;
    this.#settle({ bytes: scannedFrame(scanned), count: 0 });
    this.#settle = undefined;
    this.sent();
  }
}
