/** The longest that an acknowledgement waits for others to go with it, in milliseconds. */
const coalesceMs = 1;

/**
 * Which responses of one call are done. The server takes a count of the first ones, so an alert that is done before
 * earlier ones waits for them. Sent soon, but not one by one.
 */
export class Acknowledgements {
  readonly #send: (count: bigint) => void;
  readonly #window: number;
  /** Done, though an earlier one is not. */
  readonly #early = new Set<number>();
  #received = 0;
  #done = 0;
  #sent = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onAllDone: (() => void) | undefined;

  /** @param window How many responses the server sends before it waits. */
  constructor(window: number, send: (count: bigint) => void) {
    this.#window = window;
    this.#send = send;
  }

  /** Whether some that were received are not done. */
  get areMissing(): boolean {
    return this.#done < this.#received;
  }

  /** Resolves when all that were received are done. */
  whenAllDone(): Promise<void> {
    return new Promise((resolve) => {
      if (this.areMissing) this.#onAllDone = resolve;
      else resolve();
    });
  }

  /** Counts one more response; returns its place among them. */
  received(): number {
    return this.#received++;
  }

  done(place: number): void {
    if (place < this.#done) return;
    if (place === this.#done) this.#done++;
    else this.#early.add(place);
    while (this.#early.size > 0 && this.#early.delete(this.#done)) this.#done++;
    this.#sendSoon();
  }

  /** All that were received are done. */
  allDone(): void {
    this.#done = this.#received;
    this.#early.clear();
    this.#sendSoon();
  }

  /** Sends what was not sent yet. */
  flush(): void {
    this.stop();
    if (this.#done === this.#sent) return;
    this.#sent = this.#done;
    this.#send(BigInt(this.#done));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #sendSoon(): void {
    if (!this.areMissing) this.#onAllDone?.();
    if ((this.#done - this.#sent) * 4 >= this.#window) this.flush();
    else if (this.#done > this.#sent) this.#timer ??= setTimeout(() => this.flush(), coalesceMs);
  }
}
