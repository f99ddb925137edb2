/** How often the event loop is looked at, in milliseconds. */
const lookMs = 1_000;
/** For how many looks a late one counts. */
const looks = 10;

/** Watches whether the event loop comes round: a timer that is late tells. */
export class EventLoop {
  readonly #lateMs: number[] = [];
  #expectedMs = performance.now() + lookMs;
  readonly #timer = setInterval(() => this.#look(), lookMs).unref();

  /** How late it was at the most in the last ten seconds, and is now, in milliseconds. */
  get lateMs(): number {
    return Math.max(0, performance.now() - this.#expectedMs, ...this.#lateMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = performance.now();
    this.#lateMs.push(nowMs - this.#expectedMs);
    if (this.#lateMs.length > looks) this.#lateMs.shift();
    this.#expectedMs = nowMs + lookMs;
  }
}
