/** A signal that aborts after some time, unless the limit is disposed of before. */
export class TimeLimit implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;

  /** @param ms In milliseconds. */
  constructor(ms: number, message: string) {
    this.#timer = setTimeout(() => this.abort(new Error(message)), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Cancels the limit. */
  abort(reason: Error): void {
    this.#controller.abort(reason);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
