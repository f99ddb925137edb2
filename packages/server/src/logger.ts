/** Where the server says what happens to it; pino and console fit. No alert's content is ever logged, unless
 * the program of the program output writes it to its standard error. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Counts what may come in floods and reports it at most once per `intervalMs`, the first time at once.
 */
export class Throttled {
  readonly #report: (count: number, last: string) => void;
  readonly #intervalMs: number;
  #count = 0;
  #last = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(report: (count: number, last: string) => void, intervalMs = 10_000) {
    this.#report = report;
    this.#intervalMs = intervalMs;
  }

  add(count: number, last = ""): void {
    this.#count += count;
    this.#last = last;
    if (this.#timer === undefined) this.flush();
  }

  /** Reports what was counted since the last report. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#count === 0) return;
    this.#report(this.#count, this.#last);
    this.#count = 0;
    this.#timer = setTimeout(() => this.flush(), this.#intervalMs);
    this.#timer.unref();
  }

  close(): void {
    this.flush();
    clearTimeout(this.#timer);
  }

  /** Ends without a report of what was counted since the last one. */
  discard(): void {
    clearTimeout(this.#timer);
  }
}
