import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { isHeartbeat } from "../alert-message.js";
import { backoffMs } from "../backoff.js";
import { CallbackError } from "../callback-error.js";
import { type OutputsRequest, OutputsRequestSchema, type OutputsResponse } from "../contract.js";
import type { Failure } from "../failure.js";
import type { OutputsRpc } from "../outputs-rpc.js";
import { AlertCall } from "./alert-call.js";
import { Position } from "./position.js";
import type { StreamSettings } from "./settings.js";
import type { StreamStatus } from "./status.js";

/** What arrived, and the call that brought it. */
export interface Arrival {
  readonly call: AlertCall;
  readonly responses: readonly OutputsResponse[];
}

/**
 * Where a stream is:
 *
 *     new ──► connecting ──► connected
 *              ▲      │          │
 *              │      ▼          │ lost
 *              └── waiting ◄─────┘         and from any of them ──► closed
 */
type State =
  /** Nothing was asked for yet. */
  | { readonly name: "new" }
  /** A call is being opened. */
  | { readonly name: "connecting"; readonly abort: AbortController; readonly sinceMs: number }
  /** A call is open: alerts arrive. */
  | { readonly name: "connected"; readonly call: AlertCall; readonly sinceMs: number }
  /** An attempt failed, or the call was lost; the next attempt follows after a while. */
  | { readonly name: "waiting"; readonly endWait: () => void }
  /** It is over, on purpose or by an error. */
  | { readonly name: "closed" };

/**
 * The connection of one stream, across the calls that it takes: it opens them, comes back when one is lost, and knows
 * where the stream was.
 *
 * A client's first connection has to succeed, unless `waitOnFirstConnect` says otherwise. After that, whatever may pass
 * is tried again, with exponential backoff, which starts again after each alert.
 */
export class StreamConnection {
  readonly #rpc: OutputsRpc;
  readonly #settings: StreamSettings;
  readonly #onClosed: () => void;
  readonly position: Position;
  #state: State = { name: "new" };
  #lastHeardAt: Date | undefined;
  /** By `performance.now()`, which no change of the clock moves. */
  #startedAtMs = 0;
  /** How many attempts there were since one succeeded. */
  #attempts = 0;
  /**
   * How often the connection failed since an alert came, or a call held: a server that takes calls, and drops them, is
   * left alone too.
   */
  #failures = 0;
  /** The client's round of attempts in which the last one began. */
  #round = 0;
  /** Whether a call of this stream succeeded before. */
  #resumes = false;
  /** Settles the `next` that waits. */
  #settle: ((arrival: undefined) => void) | undefined;
  #closing: Promise<void> | undefined;
  #draining: AlertCall | undefined;

  /** @param onClosed Called once, when the stream is over for whatever reason. */
  constructor(rpc: OutputsRpc, settings: StreamSettings, onClosed: () => void) {
    this.#rpc = rpc;
    this.#settings = settings;
    this.#onClosed = onClosed;
    this.position = new Position(settings.request);
  }

  /**
   * The next responses, at least one; undefined once the stream is over. Ask for it only after the one before.
   * @throws what ends the stream, which the caller then abandons; a CallbackError for what `onStatus` threw.
   */
  next(): Promise<Arrival | undefined> {
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#receive().then(resolve, reject);
    });
  }

  /** Closes on purpose, also while a `next` waits. What was acknowledged arrives. */
  close(): Promise<void> {
    this.#draining?.endDrain();
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The same, but what was given can still be acknowledged, until that is done or its time is over. */
  stop(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  /** Whether a stream that was stopped waits for acknowledgements. */
  get isDraining(): boolean {
    return this.#draining?.isUnsettled === true;
  }

  /** Closes at once, after an error. */
  abandon(): void {
    const state = this.#state;
    if (state.name === "closed") return;
    this.#state = { name: "closed" };
    if (state.name === "connected") state.call.cancel();
    else this.#interrupt(state);
    this.#onClosed();
  }

  /** @throws CallbackError with what `onStatus` throws. */
  tell(status: StreamStatus): void {
    try {
      this.#settings.onStatus?.(status);
    } catch (cause) {
      throw new CallbackError(cause);
    }
  }

  async #receive(): Promise<Arrival | undefined> {
    if (this.#state.name === "new") this.#startedAtMs = performance.now();
    while (!this.#isClosed()) {
      try {
        const call = this.#state.name === "connected" ? this.#state.call : await this.#connect();
        const responses = await call?.next();
        if (responses !== undefined) {
          this.#lastHeardAt = new Date();
          if (!responses.every(isHeartbeat)) this.#recovered();
          return { call: call!, responses };
        }
        if (this.#isClosed()) break;
        if (this.#settings.reconnect === undefined) {
          await this.close();
          break;
        }
        // Falco's own server ends its streams so when it stops.
        throw new ConnectError("the server ended the stream", Code.Unavailable);
      } catch (reason) {
        if (this.#isClosed()) {
          // Nobody can be told any more of what is acknowledged.
          this.#draining?.endDrain();
          break;
        }
        // Of `onStatus`. What an interceptor throws comes from the transport, which may be tried again.
        if (reason instanceof CallbackError) throw reason;
        await this.#waitAfter(reason);
      }
    }
    return undefined;
  }

  /** @returns Undefined if the stream was closed meanwhile. */
  async #connect(): Promise<AlertCall | undefined> {
    const abort = new AbortController();
    this.#state = { name: "connecting", abort, sinceMs: performance.now() };
    this.#round = this.#rpc.pace.round;
    this.tell({ type: "connecting", attempt: ++this.#attempts });
    if (this.#isClosed()) return undefined;
    const call = await AlertCall.open(this.#rpc, this.#settings, this.#request(), this.#remainingMs(), abort);
    if (this.#isClosed()) {
      call.cancel();
      return undefined;
    }
    this.#state = { name: "connected", call, sinceMs: performance.now() };
    this.#lastHeardAt = new Date();
    // The error comes with the next message.
    if (call.isRefused) return call;
    this.#attempts = 0;
    if (this.position.sequence === undefined) this.position.startAt(call.position);
    this.tell({ type: this.#resumes ? "resumed" : "connected" });
    this.#resumes = true;
    return call;
  }

  /** The first request of a call; on a reconnection it says where the stream was. */
  #request(): OutputsRequest {
    const { request } = this.#settings;
    const hasPlace = request.broadcast || request.group !== "";
    const { sequence } = this.position;
    return this.#resumes && hasPlace && sequence !== undefined
      ? create(OutputsRequestSchema, { ...request, after: sequence })
      : request;
  }

  /** Waits for the next attempt, no longer than until the deadline. @throws what the caller gets, if there is none. */
  async #waitAfter(reason: unknown): Promise<void> {
    const state = this.#state;
    if (state.name === "connected" && performance.now() - state.sinceMs > this.#rpc.connectTimeoutMs) {
      this.#recovered();
    }
    this.#failures++;
    const failure = this.#rpc.failure(this.#settings.method, reason);
    const retryInMs = this.#retryInMs(failure);
    if (retryInMs === undefined) throw failure.thrown;
    if (state.name === "connected") state.call.cancel();
    const waited = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(retryInMs, this.#leftMs() ?? retryInMs));
      const endWait = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#state = { name: "waiting", endWait };
    });
    const heard = this.#lastHeardAt === undefined ? {} : { lastHeardAt: this.#lastHeardAt };
    this.tell({ type: "disconnected", error: failure.error, retryInMs, ...heard });
    await waited;
  }

  /** The next failure is the first: an alert came, or a call held. */
  #recovered(): void {
    this.#failures = 0;
    this.#rpc.pace.reset();
  }

  /** How long to wait before another attempt; undefined: there is none. */
  #retryInMs({ isTransient, retryAtOnce, error }: Failure): number | undefined {
    const { reconnect } = this.#settings;
    const unanswered = this.#state.name === "connecting" ? this.#state : undefined;
    // A call that the server has not answered is not a stream that was lost.
    const mayRetryAtOnce = reconnect !== undefined || unanswered !== undefined;
    if (retryAtOnce && mayRetryAtOnce && this.#failures === 1) return 0;
    if (reconnect === undefined || !isTransient) return undefined;
    const { waitOnFirstConnect, maxAttempts, initialDelayMs, maxDelayMs } = reconnect;
    // Falco's own server says nothing before its first alert, but a call that holds so long has a connection.
    const heldForMs = unanswered === undefined ? 0 : performance.now() - unanswered.sinceMs;
    if (heldForMs > 2 * this.#rpc.connectTimeoutMs) this.#rpc.wasConnected = true;
    if (!this.#rpc.wasConnected && !waitOnFirstConnect) return undefined;
    if (this.#attempts >= maxAttempts) return undefined;
    // What the server says is about this stream, all else about the connection.
    return error.fromServer
      ? backoffMs(this.#failures, initialDelayMs, maxDelayMs, Math.random())
      : this.#rpc.pace.waitMs(this.#round, initialDelayMs, maxDelayMs);
  }

  /** The time for a call, whole, as the protocols have it. @throws ConnectError after the deadline. */
  #remainingMs(): number | undefined {
    const left = this.#leftMs();
    if (left === undefined || left > 0) return left && Math.ceil(left);
    throw new ConnectError("the operation timed out", Code.DeadlineExceeded);
  }

  /** The time until the deadline. */
  #leftMs(): number | undefined {
    const { timeoutMs } = this.#settings.call;
    return timeoutMs === undefined ? undefined : timeoutMs - (performance.now() - this.#startedAtMs);
  }

  async #close(): Promise<void> {
    const state = this.#state;
    if (state.name === "closed") return;
    this.#state = { name: "closed" };
    if (state.name === "connected") await state.call.finish();
    else this.#interrupt(state);
    this.#settle?.(undefined);
    this.#onClosed();
  }

  async #stop(): Promise<void> {
    const state = this.#state;
    if (state.name !== "connected" || !state.call.isUnsettled) return this.#close();
    this.#state = { name: "closed" };
    this.#draining = state.call;
    this.#settle?.(undefined);
    await state.call.drain(this.#settings.drainTimeoutMs);
    this.#onClosed();
  }

  #interrupt(state: State): void {
    if (state.name === "connecting") state.abort.abort();
    else if (state.name === "waiting") state.endWait();
  }

  // A method, since TypeScript would take what a field says for unchanged across an await.
  #isClosed(): boolean {
    return this.#state.name === "closed";
  }
}
