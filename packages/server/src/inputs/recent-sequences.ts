/**
 * The sequence numbers that another server's alerts had, the latest ones: to know those that come again, since their
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

  /** Takes note of one; false if it is known. */
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
