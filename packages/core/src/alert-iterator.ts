import type { StreamResponse } from "@connectrpc/connect";
import { type Alert, toAlert } from "./alert.js";
import type { OutputsRequestSchema, OutputsResponse, OutputsResponseSchema } from "./contract.js";
import type { FalcoError } from "./error.js";

type Response = StreamResponse<typeof OutputsRequestSchema, typeof OutputsResponseSchema>;

/** What an iterator needs of the call that it is for. */
export interface Call {
  /** Starts the call, which `signal` cancels; resolves with the response's headers. */
  open(signal: AbortSignal): Promise<Response>;
  /** Called for each alert that arrived. */
  onAlert?(): void;
  /** Called once, when the call is over for whatever reason. */
  onEnd?(): void;
  /** Puts the reason of a failed call in words. */
  error(reason: unknown): FalcoError;
}

type Result = IteratorResult<Alert, undefined>;
const done: Result = { value: undefined, done: true };

/**
 * The alerts of one call. It is open from the first `next`. `return` and `signal` cancel it at once, also while a
 * `next` waits, which then says that the stream is done: ending on purpose is no error.
 *
 * Connect's own client lacks `return`, so that a `break` would leave the call open.
 */
export class AlertIterator implements AsyncIterableIterator<Alert> {
  readonly #call: Call;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = new AbortController();
  readonly #cancel = () => {
    this.#finish();
    this.#settle?.(done);
  };
  #state: "new" | "open" | "ended" = "new";
  #messages: Promise<AsyncIterator<OutputsResponse>> | undefined;
  /** Settles the `next` that waits. */
  #settle: ((result: Result) => void) | undefined;
  // Each `next` begins when the one before is settled.
  #last: Promise<unknown> = Promise.resolve();

  constructor(call: Call, signal: AbortSignal | undefined) {
    this.#call = call;
    this.#signal = signal;
  }

  next(): Promise<Result> {
    if (this.#state === "new") {
      this.#state = "open";
      this.#signal?.addEventListener("abort", this.#cancel, { once: true });
      if (this.#signal?.aborted === true) this.#cancel();
      else {
        this.#messages = this.#open();
        // If the call is cancelled before the first `next` gets to wait for it, nobody else does.
        this.#messages.catch(ignore);
      }
    }
    const result = this.#last.then(() => this.#pull());
    this.#last = result.catch(ignore);
    return result;
  }

  return(): Promise<Result> {
    this.#cancel();
    return Promise.resolve(done);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #open(): Promise<AsyncIterator<OutputsResponse>> {
    const response = await this.#call.open(this.#abort.signal);
    return response.message[Symbol.asyncIterator]();
  }

  #pull(): Promise<Result> {
    if (this.#state === "ended") return Promise.resolve(done);
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#receive().then(resolve, reject);
    });
  }

  async #receive(): Promise<Result> {
    try {
      const messages = await this.#messages!;
      const message = await messages.next();
      if (message.done === true || this.#hasEnded()) {
        this.#finish();
        return done;
      }
      this.#call.onAlert?.();
      return { value: toAlert(message.value), done: false };
    } catch (reason) {
      if (this.#hasEnded()) return done;
      this.#finish();
      throw this.#call.error(reason);
    }
  }

  // A method, since TypeScript would take the state for unchanged across an await.
  #hasEnded(): boolean {
    return this.#state === "ended";
  }

  #finish(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#signal?.removeEventListener("abort", this.#cancel);
    this.#abort.abort();
    this.#call.onEnd?.();
  }
}

function ignore(): void {
  // Whoever called the `next` that failed has its error.
}
