import type { OutputsRequest } from "../contract.js";

type Result = IteratorResult<OutputsRequest, undefined>;
const done: Result = { value: undefined, done: true };

/**
 * What a client sends on a `sub` stream: a first request at once, then what is sent, until `end` half-closes. Of what
 * was not taken yet the last one is enough: a poll repeats itself, and a count of acknowledged alerts only grows.
 */
export class Requests implements AsyncIterableIterator<OutputsRequest> {
  #waiting: ((result: Result) => void) | undefined;
  readonly #pending: OutputsRequest[];
  #first = true;
  #ended = false;

  constructor(first: OutputsRequest) {
    this.#pending = [first];
  }

  send(request: OutputsRequest): void {
    if (this.#ended) return;
    if (this.#waiting !== undefined) {
      this.#waiting({ value: request, done: false });
      this.#waiting = undefined;
    } else if (this.#pending.length > (this.#first ? 1 : 0)) {
      this.#pending[this.#pending.length - 1] = request;
    } else {
      this.#pending.push(request);
    }
  }

  /** Half-closes, once what was sent is taken. */
  end(): void {
    this.#ended = true;
    this.#waiting?.(done);
    this.#waiting = undefined;
  }

  next(): Promise<Result> {
    const value = this.#pending.shift();
    if (value !== undefined) {
      this.#first = false;
      return Promise.resolve({ value, done: false });
    }
    if (this.#ended) return Promise.resolve(done);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<Result> {
    this.#pending.length = 0;
    this.end();
    return Promise.resolve(done);
  }

  /** Connect tells by it that the call failed, and demands it. The one who iterates the alerts has the reason. */
  throw(): Promise<Result> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
