import { type Alert, isHeartbeat, toAlert } from "../alert-message.js";
import { CallbackError } from "../callback-error.js";
import type { OutputsResponse } from "../contract.js";
import type { OutputsRpc } from "../outputs-rpc.js";
import type { AlertCall } from "./alert-call.js";
import type { OneByOne } from "./alert-stream.js";
import { StreamConnection } from "./connection.js";
import type { Deliveries } from "./deliveries.js";
import type { StreamSettings } from "./settings.js";
import { lossOf } from "./status.js";

type Result<T> = IteratorResult<T, undefined>;
const done: IteratorReturnResult<undefined> = { value: undefined, done: true };
const nothing: readonly OutputsResponse[] = [];

export interface AlertIteratorOptions {
  rpc: OutputsRpc;
  settings: StreamSettings;
  /** Told of each alert that is acknowledged by hand. */
  deliveries: Deliveries;
  /** Called once, when the stream is over for whatever reason. */
  onClosed: () => void;
}

/**
 * The alerts of one stream, one at a time or in batches. It is open from the first `next`.
 *
 * `return` and `stop` end it, also while a `next` waits, which then says that the stream is done: ending on purpose is
 * not an error, unless what ends was to be complete. A stream that acknowledges ends with its last acknowledgement sent;
 * one that is stopped waits for that of what it gave.
 */
export class AlertIterator implements OneByOne {
  readonly #rpc: OutputsRpc;
  readonly #settings: StreamSettings;
  readonly #connection: StreamConnection;
  readonly #deliveries: Deliveries;
  readonly #onAbort = () => void this.stop();
  #isNew = true;
  #mustEnd = false;
  /** The server has said that this was all. */
  #isComplete = false;
  /** What arrived, by which call, and how much of it was taken. */
  #arrived = nothing;
  #call: AlertCall | undefined;
  #taken = 0;
  /** The call by which came what the body of the loop is at work on. */
  #inHand: AlertCall | undefined;
  // Each `next` begins when the one before is settled.
  #last: Promise<unknown> = Promise.resolve();
  /** How many are not settled. */
  #unsettled = 0;

  constructor({ rpc, settings, deliveries, onClosed }: AlertIteratorOptions) {
    this.#rpc = rpc;
    this.#settings = settings;
    this.#deliveries = deliveries;
    this.#connection = new StreamConnection(rpc, settings, () => {
      settings.call.signal?.removeEventListener("abort", this.#onAbort);
      this.#arrived = nothing;
      this.#taken = 0;
      onClosed();
    });
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
    this.#isNew = false;
    this.#mustEnd = true;
    this.#isComplete = true;
    await this.#connection.close();
    return done;
  }

  /** The end, where the loop has all that it wanted and is done with it. */
  finish(): Promise<Result<never>> {
    this.#isComplete = true;
    this.#mustEnd = true;
    return this.#next<never>(() => undefined);
  }

  /** Ends the stream: no alert comes any more, but what came can still be acknowledged. Resolves when that is over. */
  async stop(): Promise<void> {
    this.#mustEnd = true;
    // The loop may be waiting for it, and has nothing in hand then.
    if (this.#unsettled > 0) this.#acknowledgeInHand();
    await this.#connection.stop();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #next<T>(take: () => T | undefined): Promise<Result<T>> {
    if (this.#isNew) this.#start();
    this.#unsettled++;
    const result = this.#last
      .then(() => this.#pull(take))
      .finally(() => {
        this.#unsettled--;
      });
    this.#last = result.catch(ignore);
    return result;
  }

  #start(): void {
    this.#isNew = false;
    const { signal } = this.#settings.call;
    this.#mustEnd = signal?.aborted === true;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  async #pull<T>(take: () => T | undefined): Promise<Result<T>> {
    this.#acknowledgeInHand();
    if (this.#mustEnd) return this.#end();
    try {
      for (;;) {
        const taken = take();
        if (taken !== undefined) return { value: taken, done: false };
        const arrival = await this.#connection.next();
        if (arrival === undefined) {
          if (this.#mustEnd) return this.#end();
          this.#isComplete = true;
          return done;
        }
        this.#arrived = arrival.responses;
        this.#call = arrival.call;
        this.#taken = 0;
      }
    } catch (reason) {
      this.#connection.abandon();
      throw reason instanceof CallbackError ? reason.cause : reason;
    }
  }

  /** The end of a stream that was stopped or left. */
  async #end(): Promise<typeof done> {
    const stopped = this.#connection.stop();
    // Alerts may be acknowledged by hand after the loop.
    if (!this.#connection.isDraining || this.#settings.acknowledge !== "manual") await stopped;
    if (!this.#settings.isWhole || this.#isComplete) return done;
    // Once, as any error.
    this.#isComplete = true;
    throw this.#rpc.cutShort(this.#settings.method);
  }

  /** The loop came back: it is done with what it had. */
  #acknowledgeInHand(): void {
    if (this.#inHand === undefined) return;
    if (this.#settings.acknowledge === "auto") this.#inHand.acknowledgements?.allDone();
    this.#inHand = undefined;
  }

  /**
   * The next alert, if it has arrived and nothing else comes first: most of the time a loop gets it so, without a wait.
   */
  #takeReady(): Alert | undefined {
    if (this.#unsettled > 0 || this.#mustEnd) return undefined;
    while (this.#taken < this.#arrived.length) {
      // A loss is told first, and who is told may end the stream.
      if (this.#isLossNext()) return undefined;
      this.#acknowledgeInHand();
      const alert = this.#takeNext();
      if (alert !== undefined) return alert;
    }
    return undefined;
  }

  readonly #takeOne = (): Alert | undefined => {
    while (this.#taken < this.#arrived.length) {
      const alert = this.#takeNext();
      if (alert !== undefined) return alert;
    }
    return undefined;
  };

  readonly #takeAll = (): Alert[] | undefined => {
    const alerts: Alert[] = [];
    // A loss begins a batch: who is told of it may end the stream, and has what came before.
    while (this.#taken < this.#arrived.length && (alerts.length === 0 || !this.#isLossNext())) {
      const alert = this.#takeNext();
      if (alert !== undefined) alerts.push(alert);
    }
    return alerts.length === 0 ? undefined : alerts;
  };

  #isLossNext(): boolean {
    const next = this.#arrived[this.#taken]!;
    return this.#call?.isOurs === true && next.sequence === 0n && !isHeartbeat(next);
  }

  /** The next of what arrived; undefined if the loop does not get it. @throws CallbackError by `onStatus`. */
  #takeNext(): Alert | undefined {
    const call = this.#call!;
    const connection = this.#connection;
    const { passes, acknowledge } = this.#settings;
    const response = this.#arrived[this.#taken++]!;
    if (isHeartbeat(response)) {
      connection.position.scanned(response.scanned);
      return undefined;
    }
    const alert = toAlert(response);
    const place = call.acknowledgements?.received() ?? 0;
    const loss = call.isOurs ? lossOf(alert) : undefined;
    if (loss?.cause === "restart") connection.position.startAt(call.position);
    if (connection.position.isRepeated(alert.sequence) || (loss === undefined && passes?.(alert) === false)) {
      call.acknowledgements?.done(place);
      return undefined;
    }
    connection.position.advance(alert.sequence);
    this.#inHand = call;
    if (acknowledge === "manual") this.#deliveries.add(alert, { call, place });
    if (loss !== undefined) connection.tell({ type: "lost", loss, alert });
    return alert;
  }
}

function ignore(): void {
  // The caller of the `next` that failed has its error.
}
