/** How many alerts, and how many bytes of them, a scan looks at before others get their turn. */
const maxAlerts = 2_048;
const maxBytes = 2 * 1024 * 1024;

/** One turn of a search through the log. */
export class Scan {
  /** Whether it has stopped at an alert that passes. */
  found = false;
  /** How many alerts it has looked at. */
  looked = 0;
  #bytes = 0;
  readonly #isBounded: boolean;

  /** @param isBounded Whether it stops to let others have their turn. */
  constructor(isBounded = true) {
    this.#isBounded = isBounded;
  }

  get isOver(): boolean {
    return this.#isBounded && (this.looked >= maxAlerts || this.#bytes >= maxBytes);
  }

  /** It looks at an alert of so many bytes. */
  look(bytes: number): void {
    this.looked++;
    this.#bytes += bytes;
  }
}
