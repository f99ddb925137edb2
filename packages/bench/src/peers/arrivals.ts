import { type Live, sentField } from "./roles.js";

/** Counts the alerts of a stream that goes on, and how long they were on their way. */
export class Arrivals {
  #count = 0;
  #latenciesUs: number[] = [];
  #failure: Error | undefined;
  #waiting: { count: number; resolve: (live: Live) => void; reject: (reason: Error) => void } | undefined;

  add(outputFields: Readonly<Record<string, string>>): void {
    const sent = outputFields[sentField];
    if (sent !== undefined) this.#latenciesUs.push(Number(process.hrtime.bigint() - BigInt(sent)) / 1000);
    this.#count++;
    this.#settle();
  }

  fail(reason: unknown): void {
    this.#failure = reason as Error;
    this.#settle();
  }

  receive(count: number): Promise<Live> {
    return new Promise((resolve, reject) => {
      this.#waiting = { count, resolve, reject };
      this.#settle();
    });
  }

  #settle(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (this.#failure !== undefined) waiting.reject(this.#failure);
    if (this.#count < waiting.count) return;
    this.#count -= waiting.count;
    this.#waiting = undefined;
    const latenciesUs = Float64Array.from(this.#latenciesUs);
    this.#latenciesUs = [];
    waiting.resolve({ atNs: process.hrtime.bigint(), latenciesUs });
  }
}
