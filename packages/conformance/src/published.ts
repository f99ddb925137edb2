import type { Place } from "./case.js";

/**
 * The sequence numbers of the alerts that were fed, in their order. `publish` tells them, inputs do not: there they
 * follow from their neighbours, since a log counts one by one.
 */
export class Published {
  readonly #sequences: (bigint | undefined)[] = [];
  readonly #ofNumber = new Map<number, number>();
  /** Where the present log begins among them. */
  #start = 0;

  /** @param number Of a numbered alert: its number. */
  add(sequence: bigint | undefined, number?: number): void {
    const index = this.#sequences.length;
    const before = index > this.#start ? this.#sequences[index - 1] : undefined;
    this.#sequences.push(sequence ?? (before === undefined ? undefined : before + 1n));
    if (number !== undefined) this.#ofNumber.set(number, index);
    if (sequence === undefined) return;
    for (let at = index - 1; at >= this.#start && this.#sequences[at] === undefined; at--) {
      this.#sequences[at] = this.#sequences[at + 1]! - 1n;
    }
  }

  /** What is fed from now on goes to another log. */
  newLog(): void {
    this.#start = this.#sequences.length;
  }

  /** Of the N-th alert fed; undefined where nobody can tell. */
  of(nth: number): bigint | undefined {
    return this.#sequences[nth - 1];
  }

  ofNumber(number: number): bigint | undefined {
    const index = this.#ofNumber.get(number);
    return index === undefined ? undefined : this.#sequences[index];
  }

  /** @throws Error if it is not known. */
  at(place: Place): bigint {
    const sequence = "of" in place ? this.of(place.of) : this.of(place.before);
    if (sequence === undefined) throw new Error(`nobody knows the sequence number ${JSON.stringify(place)}`);
    return "of" in place ? sequence : sequence - 1n;
  }
}
