import { create } from "@bufbuild/protobuf";
import { type OutputsRequest, OutputsRequestSchema } from "./contract.js";

/**
 * What a client sends on a `sub` stream: a first request at once, then what is pushed, until `end` half-closes.
 */
export class Requests implements AsyncIterableIterator<OutputsRequest> {
  #waiting: ((result: IteratorResult<OutputsRequest, undefined>) => void) | undefined;
  #next: OutputsRequest | undefined = create(OutputsRequestSchema);
  #ended = false;

  /** Sends an empty request, by which Falco's own server is asked for alerts. One that was not taken yet is enough. */
  poll(): void {
    if (this.#ended) return;
    const request = create(OutputsRequestSchema);
    if (this.#waiting === undefined) {
      this.#next ??= request;
    } else {
      this.#waiting({ value: request, done: false });
      this.#waiting = undefined;
    }
  }

  end(): void {
    this.#ended = true;
    this.#waiting?.({ value: undefined, done: true });
    this.#waiting = undefined;
  }

  next(): Promise<IteratorResult<OutputsRequest, undefined>> {
    if (this.#next !== undefined) {
      const value = this.#next;
      this.#next = undefined;
      return Promise.resolve({ value, done: false });
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<IteratorResult<OutputsRequest, undefined>> {
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  /** Connect tells by it that the call failed, and demands it. The one who iterates the alerts has the reason. */
  throw(): Promise<IteratorResult<OutputsRequest, undefined>> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
