/** Counts the streams that receive alerts. */
export class Subscribers {
  #count = 0;
  readonly #waiting = new Set<() => void>();

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

  /** Resolves when exactly `count` streams are there. */
  waitFor(count: number): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (this.#count !== count) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  #change(by: number): void {
    this.#count += by;
    for (const check of this.#waiting) check();
  }
}
