import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Alert, toAlert } from "../alert.js";
import { backoffMs } from "../backoff.js";
import { OutputsRequestSchema, type OutputsResponse } from "../contract.js";
import type { FalcoError } from "../error.js";
import { Call, type Caller } from "./call.js";
import type { Plan } from "./plan.js";
import { lossOf } from "./status.js";

type Result<T> = IteratorResult<T, undefined>;
const done: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** Where an alert came from: the call, and its place among the call's responses. */
export interface Origin {
  readonly call: Call;
  readonly place: number;
}

/** What an iterator needs of the client that it belongs to. */
export interface Owner extends Caller {
  /** How long it takes at the most to connect, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Puts the reason of a failed call in words. */
  error(reason: unknown): FalcoError;
  /** Called once, when the stream is over for whatever reason. */
  onEnd(): void;
  /** Called for each alert that is acknowledged by hand. */
  onManual(alert: Alert, origin: Origin): void;
}

/**
 * The alerts of one stream, across the connections that it takes. It is open from the first `next`.
 *
 * `return` and the plan's signal end it at once, also while a `next` waits, which then says that the stream is done:
 * ending on purpose is no error. A stream that acknowledges ends with its last acknowledgement sent.
 */
export class AlertIterator implements AsyncIterableIterator<Alert> {
  readonly #owner: Owner;
  readonly #plan: Plan;
  readonly #onAbort = () => {
    // The body of the loop may be at work on an alert that it will acknowledge: it comes back by itself.
    if (this.#plan.acknowledge !== false && this.#settle === undefined && this.#current !== undefined) return;
    void this.#end();
  };
  #state: "new" | "open" | "ended" = "new";
  #abort = new AbortController();
  #call: Call | undefined;
  /** What arrived of `#call`, or of the one that was lost behind it, and how much of it was taken. */
  #batch: readonly OutputsResponse[] = [];
  #taken = 0;
  #source: Call | undefined;
  /** Settles the `next` that waits. */
  #settle: ((result: typeof done) => void) | undefined;
  /** Ends a wait before an attempt. */
  #wake: (() => void) | undefined;
  // Each `next` begins when the one before is settled.
  #last: Promise<unknown> = Promise.resolve();
  /** How many are not settled. */
  #unsettled = 0;
  /** Where what the body of the loop has came from. */
  #current: Call | undefined;
  /** The highest sequence number that was given, or the place where the stream began. */
  #position: bigint | undefined;
  #startedAt = 0;
  /** How many attempts there were since one succeeded. */
  #attempts = 0;
  /** How often the connection failed since an alert came: a server that takes calls, and drops them, gets its rest. */
  #failed = 0;
  #wasConnected = false;
  #ending: Promise<void> | undefined;

  constructor(owner: Owner, plan: Plan) {
    this.#owner = owner;
    this.#plan = plan;
  }

  next(): Promise<Result<Alert>> {
    const alert = this.#takeReady();
    return alert === undefined ? this.#next(this.#takeOne) : Promise.resolve({ value: alert, done: false });
  }

  /** All that is there, at least one. */
  nextBatch(): Promise<Result<readonly Alert[]>> {
    return this.#next(this.#takeAll);
  }

  async return(): Promise<typeof done> {
    await this.#end();
    return done;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #start(): void {
    this.#state = "open";
    this.#startedAt = Date.now();
    const { signal } = this.#plan.call;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (signal?.aborted === true) void this.#end();
  }

  #next<T>(take: () => T | undefined): Promise<Result<T>> {
    if (this.#state === "new") this.#start();
    this.#unsettled++;
    const result = this.#last
      .then(() => this.#pull(take))
      .finally(() => {
        this.#unsettled--;
      });
    this.#last = result.catch(ignore);
    return result;
  }

  #pull<T>(take: () => T | undefined): Promise<Result<T>> {
    this.#leaveCurrent();
    if (this.#plan.call.signal?.aborted === true) return this.return();
    if (this.#state === "ended") return Promise.resolve(done);
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#receive(take)
        .then(resolve, reject)
        .finally(() => {
          this.#settle = undefined;
        });
    });
  }

  async #receive<T>(take: () => T | undefined): Promise<Result<T>> {
    for (;;) {
      if (this.#hasEnded()) return done;
      try {
        const taken = take();
        if (taken !== undefined) return { value: taken, done: false };
        this.#call ??= await this.#connect();
        const batch = await this.#call.next();
        if (this.#hasEnded()) return done;
        if (batch.done !== true) {
          this.#batch = batch.value;
          this.#taken = 0;
          this.#source = this.#call;
          this.#failed = 0;
        } else if (this.#plan.reconnect === undefined) {
          await this.#end();
          return done;
        } else {
          // Falco's own server ends its streams so when it stops.
          throw new ConnectError("the server ended the stream", Code.Unavailable);
        }
      } catch (reason) {
        if (this.#hasEnded()) return done;
        await this.#recover(this.#owner.error(reason));
      }
    }
  }

  /** The loop came back: it is done with what it had. */
  #leaveCurrent(): void {
    if (this.#current === undefined) return;
    if (this.#plan.acknowledge === "auto") this.#current.acknowledgements?.allDone();
    this.#current = undefined;
  }

  /** The next alert, if it arrived already and nothing else is to be done: what a loop gets most of the time. */
  #takeReady(): Alert | undefined {
    if (this.#unsettled > 0 || this.#state !== "open" || this.#plan.call.signal?.aborted === true) return;
    while (this.#taken < this.#batch.length) {
      // A loss is told first, and who is told may end the stream.
      if (this.#source?.isOurs === true && this.#batch[this.#taken]!.sequence === 0n) return;
      this.#leaveCurrent();
      const alert = this.#takeNext();
      if (alert !== undefined) return alert;
    }
    return undefined;
  }

  readonly #takeOne = (): Alert | undefined => {
    while (this.#taken < this.#batch.length) {
      const alert = this.#takeNext();
      if (alert !== undefined) return alert;
    }
    return undefined;
  };

  readonly #takeAll = (): Alert[] | undefined => {
    const alerts: Alert[] = [];
    while (this.#taken < this.#batch.length) {
      const alert = this.#takeNext();
      if (alert !== undefined) alerts.push(alert);
    }
    return alerts.length === 0 ? undefined : alerts;
  };

  /** The next of what arrived; undefined if the loop does not get it. */
  #takeNext(): Alert | undefined {
    return this.#take(this.#source!, toAlert(this.#batch[this.#taken++]!));
  }

  async #connect(): Promise<Call> {
    const plan = this.#plan;
    plan.onStatus({ type: "connecting", attempt: ++this.#attempts });
    this.#abort = new AbortController();
    const call = await Call.open(this.#owner, plan, this.#request(), this.#remainingMs(), this.#abort);
    if (this.#hasEnded()) {
      call.cancel();
      return call;
    }
    // The error comes with the next message.
    if (call.isRefused) return call;
    this.#attempts = 0;
    this.#position ??= call.position;
    plan.onStatus({ type: this.#wasConnected ? "resumed" : "connected" });
    this.#wasConnected = true;
    return call;
  }

  /** The first request; on a reconnection it says where the stream was. */
  #request() {
    const { request } = this.#plan;
    const resumes = request.broadcast || request.group !== "";
    return this.#wasConnected && resumes && this.#position !== undefined
      ? create(OutputsRequestSchema, { ...request, after: this.#position })
      : request;
  }

  #remainingMs(): number | undefined {
    const left = this.#leftMs();
    if (left === undefined || left > 0) return left;
    throw new ConnectError("the operation timed out", Code.DeadlineExceeded);
  }

  /** The time until the deadline. */
  #leftMs(): number | undefined {
    const { timeoutMs } = this.#plan.call;
    return timeoutMs === undefined || timeoutMs <= 0 ? undefined : timeoutMs - (Date.now() - this.#startedAt);
  }

  /** What becomes of an alert that arrived; undefined if the loop does not get it. */
  #take(call: Call, alert: Alert): Alert | undefined {
    const plan = this.#plan;
    const place = call.acknowledgements?.received() ?? 0;
    const loss = call.isOurs ? lossOf(alert) : undefined;
    // Another log, with numbers of its own.
    if (loss?.cause === "restart") this.#position = call.position;
    const repeated =
      plan.request.broadcast && alert.sequence !== 0n && alert.sequence <= (this.#position ?? 0n);
    if (repeated || (loss === undefined && plan.passes?.(alert) === false)) {
      call.acknowledgements?.done(place);
      return undefined;
    }
    if (alert.sequence > (this.#position ?? 0n)) this.#position = alert.sequence;
    this.#current = call;
    if (plan.acknowledge === "manual") this.#owner.onManual(alert, { call, place });
    if (loss !== undefined) plan.onStatus({ type: "lost", loss, alert });
    return alert;
  }

  /** Waits for the next attempt, not beyond the deadline. @throws the error, if there is none. */
  async #recover(error: FalcoError): Promise<void> {
    this.#call?.cancel();
    this.#call = undefined;
    this.#failed++;
    const { reconnect } = this.#plan;
    if (reconnect === undefined || !this.#mayRetry(error, reconnect)) {
      this.#finish();
      throw error;
    }
    const retryInMs = backoffMs(this.#failed, reconnect.initialDelayMs, reconnect.maxDelayMs, Math.random());
    this.#plan.onStatus({ type: "disconnected", error, retryInMs });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(retryInMs, this.#leftMs() ?? retryInMs));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #mayRetry(error: FalcoError, reconnect: NonNullable<Plan["reconnect"]>): boolean {
    // Falco's own server says nothing before its first alert, but a call that holds so long has a connection.
    const held = this.#wasConnected || Date.now() - this.#startedAt > 2 * this.#owner.connectTimeoutMs;
    if (!held && !reconnect.waitOnFirstConnect) return false;
    return this.#attempts < reconnect.maxAttempts && isTransient(error);
  }

  // A method, since TypeScript would take what a field says for unchanged across an await.
  #hasEnded(): boolean {
    return this.#state === "ended";
  }

  /** Ends the stream on purpose. */
  #end(): Promise<void> {
    if (!this.#hasEnded()) this.#ending = this.#leave();
    return this.#ending ?? Promise.resolve();
  }

  async #leave(): Promise<void> {
    const call = this.#call;
    this.#close();
    if (call === undefined) this.#abort.abort();
    else await call.finish();
    this.#settle?.(done);
    this.#owner.onEnd();
  }

  /** The stream is over by an error. */
  #finish(): void {
    if (this.#hasEnded()) return;
    this.#close();
    this.#abort.abort();
    this.#owner.onEnd();
  }

  #close(): void {
    this.#state = "ended";
    this.#plan.call.signal?.removeEventListener("abort", this.#onAbort);
    this.#wake?.();
  }
}

/** Whether another attempt may fare better. */
function isTransient({ code, fromServer }: FalcoError): boolean {
  if (!fromServer) {
    const final = [
      Code.InvalidArgument,
      Code.PermissionDenied,
      Code.Unauthenticated,
      Code.Unimplemented,
      Code.DeadlineExceeded,
    ];
    return !final.includes(code);
  }
  return [Code.Unavailable, Code.Aborted, Code.ResourceExhausted].includes(code);
}

function ignore(): void {
  // Whoever called the `next` that failed has its error.
}
