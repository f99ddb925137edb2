import { withRoom } from "@falco-outputs/core/codec";
import { type ArrivingBody, type BodyBudget, smallBodyBytes } from "./body-budget.js";

const nothing: Uint8Array = new Uint8Array(0);

/** The body of one request while it arrives. */
export class Body implements ArrivingBody {
  readonly #budget: BodyBudget;
  readonly #onCut: () => void;
  /** What has arrived, in the first `size` bytes. */
  #bytes = nothing;
  #size = 0;
  held = 0;
  largeSince = 0;

  /** @param onCut Told when others need its memory: it is refused. */
  constructor(budget: BodyBudget, onCut: () => void) {
    this.#budget = budget;
    this.#onCut = onCut;
  }

  get size(): number {
    return this.#size;
  }

  /** Valid until it is released. */
  get bytes(): Uint8Array {
    return this.#bytes.length === this.#size ? this.#bytes : this.#bytes.subarray(0, this.#size);
  }

  /** Takes what has arrived. One that grows large may be cut at once, and must be released in the end. */
  add(chunk: Buffer): void {
    const start = this.#size;
    this.#size += chunk.length;
    if (start === 0) {
      // As a rule it comes in one piece, which is kept as it is.
      this.#bytes = chunk;
    } else {
      this.#bytes = withRoom(this.#bytes, start, this.#size);
      this.#bytes.set(chunk, start);
    }
    const { length } = this.#bytes;
    if (length <= smallBodyBytes || length === this.held) return;
    if (this.held === 0) this.largeSince = performance.now();
    const more = length - this.held;
    this.held = length;
    this.#budget.grow(this, more);
  }

  cut(): void {
    this.release();
    this.#onCut();
  }

  /** Lets go of its memory. */
  release(): void {
    this.#budget.release(this);
    this.#bytes = nothing;
    this.#size = 0;
    this.held = 0;
  }
}
