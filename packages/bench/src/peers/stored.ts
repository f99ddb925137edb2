import type { Wanted } from "./roles.js";

/** What a peer's server streams from memory: messages made beforehand, as objects of its library. */
export class Stored<Message> {
  readonly #messages: readonly Message[];
  readonly #severity: (message: Message) => number;
  readonly #places = new Map<string, number>();
  #count = 0;

  /** @param severity Gives a message's priority as a number. */
  constructor(messages: readonly Message[], severity: (message: Message) => number) {
    this.#messages = messages;
    this.#severity = severity;
  }

  /** From now on there are so many, the same ones again and again, numbered from 1. */
  fill(count: number): void {
    this.#count = count;
  }

  *answer({ after, minPriority, group }: Wanted): Generator<Message, void> {
    if (group !== undefined) return yield* this.#share(group);
    for (let number = after; number < this.#count; number++) {
      const message = this.#messages[number % this.#messages.length]!;
      if (minPriority === undefined || this.#severity(message) <= minPriority) yield message;
    }
  }

  /** Each message to one of the group's streams, whichever asks first. */
  *#share(group: string): Generator<Message, void> {
    for (;;) {
      const number = this.#places.get(group) ?? 0;
      if (number >= this.#count) return;
      this.#places.set(group, number + 1);
      yield this.#messages[number % this.#messages.length]!;
    }
  }
}
