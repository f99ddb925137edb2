/**
 * The latest sequence numbers of another server's alerts: to recognize those that come again because their
 * acknowledgement was lost with a connection.
 */
export class RecentSequences {
  readonly #ring: number[] = [];
  readonly #known = new Set<number>();
  readonly #capacity: number;
  #next = 0;

  /** @param capacity How many are known; at least as many as that server lets be unacknowledged. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Adds one; returns false if it is known already. */
  add(sequence: number): boolean {
    if (this.#known.has(sequence)) return false;
    this.#known.add(sequence);
    if (this.#ring.length < this.#capacity) {
      this.#ring.push(sequence);
      return true;
    }
    this.#known.delete(this.#ring[this.#next]!);
    this.#ring[this.#next] = sequence;
    this.#next = (this.#next + 1) % this.#capacity;
    return true;
  }
}
