import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type StreamResponse } from "@connectrpc/connect";
import {
  type OutputsRequest,
  OutputsRequestSchema,
  type OutputsResponse,
  type OutputsResponseSchema,
  positionHeader,
  versionHeader,
  windowHeader,
} from "../contract.js";
import type { OutputsRpc } from "../outputs-rpc.js";
import { SilenceError } from "../silence-error.js";
import { Acknowledgements } from "./acknowledgements.js";
import { batchesOf } from "./batches.js";
import { heard, heartbeatMsOf } from "./heartbeats.js";
import { Polling } from "./polling.js";
import { Requests } from "./requests.js";
import type { StreamSettings } from "./settings.js";

/** How long the server may take to end a stream that was half-closed, in milliseconds. */
const farewellMs = 1_000;

/** One call of `sub` or `get`: from its first request to its end, or to the loss of the connection. */
export class AlertCall {
  readonly #abort: AbortController;
  readonly #requests: Requests;
  readonly #batches: AsyncIterator<readonly OutputsResponse[]>;
  readonly #polling: Polling | undefined;
  readonly acknowledgements: Acknowledgements | undefined;
  /** Whether our server answers, and not Falco's own. */
  readonly isOurs: boolean;
  /** The sequence number after which it starts; undefined from Falco itself. */
  readonly position: bigint | undefined;
  /** How often the server says something at least; undefined if it does not say so. */
  readonly #heartbeatMs: number | undefined;
  #last: Promise<IteratorResult<readonly OutputsResponse[]>> | undefined;
  #isOpen = true;
  #endDrain: (() => void) | undefined;

  private constructor(
    { acknowledge }: StreamSettings,
    abort: AbortController,
    requests: Requests,
    { header, message }: StreamResponse<typeof OutputsRequestSchema, typeof OutputsResponseSchema>,
    polling: Polling | undefined,
  ) {
    this.#abort = abort;
    this.#requests = requests;
    this.#batches = batchesOf(message);
    this.isOurs = header.has(versionHeader);
    const position = header.get(positionHeader);
    this.position = position !== null && /^\d{1,19}$/.test(position) ? BigInt(position) : undefined;
    this.#heartbeatMs = heartbeatMsOf(header);
    this.#polling = polling;
    if (this.isOurs) polling?.stop();
    if (acknowledge !== false) {
      this.acknowledgements = new Acknowledgements(Number(header.get(windowHeader)), (count) =>
        requests.send(create(OutputsRequestSchema, { acknowledged: count })),
      );
    }
  }

  /**
   * Opens a call; resolves when the server has answered. Falco's own does so only with its first alert.
   * @throws what the transport throws.
   */
  static async open(
    rpc: OutputsRpc,
    settings: StreamSettings,
    request: OutputsRequest,
    timeoutMs: number | undefined,
    abort: AbortController,
  ): Promise<AlertCall> {
    const { method, needsOurServer, pollIntervalMs } = settings;
    const call = { ...settings.call, signal: abort.signal, timeoutMs };
    if (needsOurServer) await rpc.assertOurServer(call);
    const requests = new Requests(request);
    if (method === "get") requests.end();
    const polling = method === "sub" && !needsOurServer ? new Polling(pollIntervalMs, requests) : undefined;
    try {
      return new AlertCall(settings, abort, requests, await rpc.stream(method, call, requests), polling);
    } catch (reason) {
      polling?.stop();
      throw reason;
    }
  }

  /** Whether our server refuses the call: when it takes one, it says where the stream starts. */
  get isRefused(): boolean {
    return this.isOurs && this.position === undefined;
  }

  /**
   * The next messages, at least one; undefined when the server has ended the stream.
   * @throws what the transport throws; ConnectError with Unavailable for a server that was silent for too long.
   */
  async next(): Promise<readonly OutputsResponse[] | undefined> {
    this.#last = this.#batches.next();
    try {
      const batch = await (this.#heartbeatMs === undefined
        ? this.#last
        : heard(this.#last, this.#heartbeatMs));
      return batch.done === true ? undefined : batch.value;
    } catch (reason) {
      if (!(reason instanceof SilenceError)) throw reason;
      this.cancel(reason);
      throw new ConnectError(reason.message, Code.Unavailable);
    }
  }

  /** Marks the response at a place as done. @returns Whether the server can still be told. */
  acknowledge(place: number): boolean {
    if (this.#isOpen) this.acknowledgements?.done(place);
    return this.#isOpen;
  }

  /** Whether the server waits for acknowledgements of what was given. */
  get isUnsettled(): boolean {
    return this.#isOpen && this.acknowledgements?.areMissing === true;
  }

  /** Ends the call once all that it gave is acknowledged, but after `timeoutMs` in any case. */
  async drain(timeoutMs: number): Promise<void> {
    if (this.isUnsettled) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#endDrain = () => {
          clearTimeout(timer);
          resolve();
        };
        void this.acknowledgements?.whenAllDone().then(this.#endDrain);
      });
    }
    await this.finish();
  }

  /** Ends a drain before its time. */
  endDrain(): void {
    this.#endDrain?.();
  }

  /** Ends the call at once. The transport is told the reason. */
  cancel(reason?: SilenceError): void {
    this.#isOpen = false;
    this.acknowledgements?.stop();
    this.#polling?.stop();
    this.#abort.abort(reason);
    this.#requests.end();
  }

  /**
   * Ends the call so that the last acknowledgement arrives, which a cancel could overtake: half-closes, and waits for
   * the server to end the stream.
   */
  async finish(): Promise<void> {
    if (this.acknowledgements === undefined) return this.cancel();
    this.#isOpen = false;
    this.acknowledgements.flush();
    this.#requests.end();
    const timer = setTimeout(() => this.cancel(), farewellMs);
    try {
      for (let batch = await this.#last; batch?.done !== true; ) batch = await this.#batches.next();
    } catch {
      // The connection is gone, and whatever was not acknowledged will come again.
    }
    clearTimeout(timer);
    this.cancel();
  }
}
