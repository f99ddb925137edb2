/** What a sign of life tells. */
export interface Told {
  readonly state: "alive" | "silent" | "unknown";
  /** In words, for people. */
  readonly reason: string;
}

/** Something by which Falco shows that it is alive. */
export interface Sign {
  /** Looked at now and then. */
  look(nowMs: number): Told;
  close?(): void;
}

/** A sign that comes again and again: a count grows. */
export class Recurring implements Sign {
  readonly #what: string;
  readonly #withinMs: number;
  readonly #count: () => number;
  #last: { count: number; atMs: number } | undefined;
  #hasCome = false;

  /**
   * @param what What comes, e.g. "metrics snapshot".
   * @param withinMs How soon the next one must come.
   * @param count How many have come.
   */
  constructor(what: string, withinMs: number, count: () => number) {
    this.#what = what;
    this.#withinMs = withinMs;
    this.#count = count;
  }

  look(nowMs: number): Told {
    const count = this.#count();
    if (this.#last === undefined || count > this.#last.count) {
      this.#hasCome ||= count > (this.#last?.count ?? 0);
      this.#last = { count, atMs: nowMs };
    }
    const agoMs = nowMs - this.#last.atMs;
    if (agoMs > this.#withinMs) {
      return { state: "silent", reason: `no ${this.#what} for ${secondsText(agoMs)}` };
    }
    return this.#hasCome
      ? { state: "alive", reason: `a ${this.#what} came ${secondsText(agoMs)} ago` }
      : { state: "unknown", reason: `no ${this.#what} so far` };
  }
}

function secondsText(ms: number): string {
  return `${Math.floor(ms / 1_000)} s`;
}
