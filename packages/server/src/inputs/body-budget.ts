/** A body that is still arriving. */
export interface ArrivingBody {
  /** What it takes in memory, in bytes. */
  readonly held: number;
  /** When it began to be large, by `performance.now`. */
  readonly largeSince: number;
  /** Gives its memory back: it is refused. */
  cut(): void;
}

/** A body up to this size is never refused for the sake of others, in bytes. An alert of Falco's has some 1,000. */
export const smallBodyBytes = 64 * 1024;
/** What all larger bodies of one listener may hold together, in bytes. */
const maxHeldBytes = 64 * 1024 * 1024;

/**
 * What the bodies of one listener may hold while they arrive. Only large ones count: small ones are bounded by the
 * number of connections. When it is too much, the body that has held most for longest is cut, so that nobody can keep
 * others out by sending slowly.
 */
export class BodyBudget {
  readonly #large = new Set<ArrivingBody>();
  #held = 0;

  /** A large body holds so much more than before. It may be cut at once. */
  grow(body: ArrivingBody, bytes: number): void {
    this.#large.add(body);
    this.#held += bytes;
    while (this.#held > maxHeldBytes) this.#heaviest().cut();
  }

  /** A body has arrived, or broke off, or was cut: it holds nothing any more. */
  release(body: ArrivingBody): void {
    if (this.#large.delete(body)) this.#held -= body.held;
  }

  #heaviest(): ArrivingBody {
    const now = performance.now();
    // A millisecond, so that among those that are new the largest is found.
    const weightOf = ({ held, largeSince }: ArrivingBody) => held * (now - largeSince + 1);
    return [...this.#large].reduce((heaviest, body) =>
      weightOf(body) > weightOf(heaviest) ? body : heaviest,
    );
  }
}
