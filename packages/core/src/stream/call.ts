import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { StreamResponse } from "@connectrpc/connect";
import {
  type OutputsRequest,
  OutputsRequestSchema,
  type OutputsResponse,
  type OutputsResponseSchema,
  positionHeader,
  versionHeader,
  windowHeader,
} from "../contract.js";
import { Acknowledgements } from "./acknowledgements.js";
import { batchesOf } from "./batches.js";
import type { Plan } from "./plan.js";
import { Requests } from "./requests.js";

/** How calls reach the server. */
export interface Caller {
  stream(
    method: "sub" | "get",
    signal: AbortSignal,
    timeoutMs: number | undefined,
    headers: HeadersInit | undefined,
    requests: AsyncIterable<MessageInitShape<typeof OutputsRequestSchema>>,
  ): Promise<StreamResponse<typeof OutputsRequestSchema, typeof OutputsResponseSchema>>;
  /** @throws FalcoError with Unimplemented if it is not our server that answers. */
  assertOurServer(
    signal: AbortSignal,
    timeoutMs: number | undefined,
    headers: HeadersInit | undefined,
  ): Promise<void>;
}

/** How long the server may take to end a stream that was half-closed, in milliseconds. */
const farewellMs = 1_000;

/** One call of a stream: from its request to its end, or to the loss of the connection. */
export class Call {
  readonly #abort: AbortController;
  readonly #requests: Requests;
  readonly #batches: AsyncIterator<readonly OutputsResponse[]>;
  readonly #stopPolling: () => void;
  readonly acknowledgements: Acknowledgements | undefined;
  /** Whether our server answers, and not Falco's own. */
  readonly isOurs: boolean;
  /** The sequence number behind which it starts; undefined from Falco itself. */
  readonly position: bigint | undefined;
  #idle = true;
  #last: Promise<IteratorResult<readonly OutputsResponse[]>> | undefined;

  private constructor(
    plan: Plan,
    abort: AbortController,
    requests: Requests,
    response: Awaited<ReturnType<Caller["stream"]>>,
    polling: Polling,
  ) {
    this.#abort = abort;
    this.#requests = requests;
    this.#batches = batchesOf(response.message);
    const { header } = response;
    this.isOurs = header.has(versionHeader);
    const position = header.get(positionHeader);
    this.position = position !== null && /^\d{1,19}$/.test(position) ? BigInt(position) : undefined;
    if (this.isOurs) polling.stop();
    polling.isIdle = () => {
      const idle = this.#idle;
      this.#idle = true;
      return idle;
    };
    this.#stopPolling = polling.stop;
    if (plan.acknowledge !== false) {
      this.acknowledgements = new Acknowledgements(Number(header.get(windowHeader)), (count) =>
        requests.send(create(OutputsRequestSchema, { acknowledged: count })),
      );
    }
  }

  /** @throws what the transport throws. */
  static async open(
    caller: Caller,
    plan: Plan,
    request: OutputsRequest,
    timeoutMs: number | undefined,
    abort: AbortController,
  ): Promise<Call> {
    const { method, call, needsOurServer } = plan;
    if (needsOurServer) await caller.assertOurServer(abort.signal, timeoutMs, call.headers);
    const requests = new Requests(request);
    if (method === "get") requests.end();
    const polling = new Polling(
      method === "sub" && !needsOurServer ? plan.pollIntervalMs : undefined,
      requests,
    );
    try {
      const response = await caller.stream(method, abort.signal, timeoutMs, call.headers, requests);
      return new Call(plan, abort, requests, response, polling);
    } catch (reason) {
      polling.stop();
      throw reason;
    }
  }

  /** Whether our server refuses the call: it says where a stream starts when it opens one. */
  get isRefused(): boolean {
    return this.isOurs && this.position === undefined;
  }

  /** The next messages, at least one. */
  async next(): Promise<IteratorResult<readonly OutputsResponse[]>> {
    this.#last = this.#batches.next();
    const batch = await this.#last;
    this.#idle = false;
    return batch;
  }

  /** Ends the call at once. */
  cancel(): void {
    this.acknowledgements?.stop();
    this.#stopPolling();
    this.#abort.abort();
    this.#requests.end();
  }

  /**
   * Ends the call so that the last acknowledgement arrives, which a cancel could overtake: half-closes, and waits for
   * the server to end the stream.
   */
  async finish(): Promise<void> {
    if (this.acknowledgements === undefined) return this.cancel();
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

/** Asks Falco's own server for alerts, as it expects, while none comes. */
class Polling {
  isIdle: () => boolean = () => true;
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(intervalMs: number | undefined, requests: Requests) {
    if (intervalMs === undefined) return;
    this.#timer = setInterval(() => {
      if (this.isIdle()) requests.send(create(OutputsRequestSchema));
    }, intervalMs);
  }

  readonly stop = () => clearInterval(this.#timer);
}
