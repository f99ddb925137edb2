/** The alerts that members of a group left unacknowledged, ascending by sequence number. */
export class Redelivery {
  #sequences: number[] = [];

  get count(): number {
    return this.#sequences.length;
  }

  /** From the oldest on. */
  get sequences(): readonly number[] {
    return this.#sequences;
  }

  add(sequences: readonly number[]): void {
    if (sequences.length === 0) return;
    this.#sequences = [...this.#sequences, ...sequences].sort((a, b) => a - b);
  }

  removeOldest(count: number): void {
    this.#sequences.splice(0, count);
  }

  /** Removes those from `from` up to `to`, without `to`, and returns them. */
  remove(from: number, to: number): readonly number[] {
    const [oldest] = this.#sequences;
    if (oldest === undefined || oldest >= to) return [];
    const removed = this.#sequences.filter((sequence) => from <= sequence && sequence < to);
    this.#sequences = this.#sequences.filter((sequence) => sequence < from || sequence >= to);
    return removed;
  }
}
