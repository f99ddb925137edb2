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

  /** Removes the oldest `count`. */
  remove(count: number): void {
    this.#sequences.splice(0, count);
  }

  /** Removes those before `first`, and returns them. */
  evict(first: number): readonly number[] {
    const kept = this.#sequences.findIndex((sequence) => sequence >= first);
    return this.#sequences.splice(0, kept === -1 ? this.count : kept);
  }

  /** Removes those that do not pass, and returns their number. */
  filter(passes: (sequence: number) => boolean): number {
    const before = this.count;
    this.#sequences = this.#sequences.filter(passes);
    return before - this.count;
  }
}
