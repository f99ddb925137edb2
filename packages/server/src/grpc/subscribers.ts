/** Whose alerts a stream receives. */
export type Mode = "shared" | "group" | "broadcast";

interface Waiting {
  readonly count: number;
  resolve(): void;
  reject(reason: Error): void;
}

/** Counts the streams that receive alerts, and what they are given. */
export class Subscribers {
  readonly #counts = { shared: 0, group: 0, broadcast: 0 };
  readonly #delivered = { shared: 0, group: 0, broadcast: 0 };
  readonly #waiting = new Set<Waiting>();

  get count(): number {
    const { shared, group, broadcast } = this.#counts;
    return shared + group + broadcast;
  }

  /** By mode. */
  get counts(): Readonly<Record<Mode, number>> {
    return { ...this.#counts };
  }

  /** How many alerts streams were given since the start, redeliveries among them, by mode. */
  get delivered(): Readonly<Record<Mode, number>> {
    return { ...this.#delivered };
  }

  /** A stream was given so many alerts. */
  deliver(mode: Mode, count: number): void {
    this.#delivered[mode] += count;
  }

  /** Counts one more until the returned function is called. */
  add(mode: Mode): () => void {
    this.#change(mode, 1);
    let removed = false;
    return () => {
      if (removed) return;
      removed = true;
      this.#change(mode, -1);
    };
  }

  /** Resolves when there are exactly `count` streams; rejects when it is closed before. */
  waitFor(count: number): Promise<void> {
    if (this.count === count) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.add({ count, resolve, reject });
    });
  }

  /** Rejects all who wait. */
  close(reason: Error): void {
    for (const { reject } of this.#waiting) reject(reason);
    this.#waiting.clear();
  }

  #change(mode: Mode, by: number): void {
    this.#counts[mode] += by;
    const { count } = this;
    for (const waiting of this.#waiting) {
      if (waiting.count !== count) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }
}
