import type { Alert } from "../alert-message.js";
import { wholeNumber } from "../check-option.js";
import type { AlertIterator } from "./alert-iterator.js";
import type { AcknowledgedStream, Alerts, Batches, OneByOne } from "./alert-stream.js";
import type { Deliveries } from "./deliveries.js";

/** What `sub` and `get` return. Each iteration opens a stream of its own. */
export class OpenedStream implements AcknowledgedStream {
  readonly #open: () => AlertIterator;
  readonly #deliveries: Deliveries;

  constructor(open: () => AlertIterator, deliveries: Deliveries) {
    this.#open = open;
    this.#deliveries = deliveries;
  }

  [Symbol.asyncIterator](): OneByOne {
    return this.#open();
  }

  batches(): Batches {
    return {
      [Symbol.asyncIterator]: () => {
        const iterator = this.#open();
        return { next: () => iterator.nextBatch(), return: () => iterator.return() };
      },
    };
  }

  take(count: number): Alerts {
    const most = wholeNumber("count", count, 1);
    return { [Symbol.asyncIterator]: () => new FirstOnes(this.#open(), most) };
  }

  async first(): Promise<Alert | undefined> {
    let first: Alert | undefined;
    for await (const alert of this.take(1)) first = alert;
    return first;
  }

  acknowledge(alert: Alert): boolean {
    return this.#deliveries.acknowledge(alert);
  }
}

/** The first alerts of a stream, which then ends. */
class FirstOnes implements OneByOne {
  readonly #iterator: AlertIterator;
  #left: number;

  constructor(iterator: AlertIterator, count: number) {
    this.#iterator = iterator;
    this.#left = count;
  }

  next(): Promise<IteratorResult<Alert, undefined>> {
    if (this.#left === 0) return this.#iterator.finish();
    this.#left--;
    return this.#iterator.next();
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    return this.#iterator.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
