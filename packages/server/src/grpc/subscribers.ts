interface Waiting {
  readonly count: number;
  resolve(): void;
  reject(reason: Error): void;
}

/** Counts the streams that receive alerts. */
export class Subscribers {
  #count = 0;
  readonly #waiting = new Set<Waiting>();

  get count(): number {
    return this.#count;
  }

  /** Counts one more until the returned function is called. */
  add(): () => void {
    this.#change(1);
    let removed = false;
    return () => {
      if (removed) return;
      removed = true;
      this.#change(-1);
    };
  }

  /** Resolves when there are exactly `count` streams; rejects when it is closed before. */
  waitFor(count: number): Promise<void> {
    if (this.#count === count) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.add({ count, resolve, reject });
    });
  }

  /** Rejects all who wait. */
  close(reason: Error): void {
    for (const { reject } of this.#waiting) reject(reason);
    this.#waiting.clear();
  }

  #change(by: number): void {
    this.#count += by;
    for (const waiting of this.#waiting) {
      if (waiting.count !== this.#count) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }
}
