import type { MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError, createContextValues, type StreamResponse, type Transport } from "@connectrpc/connect";
import {
  type OutputsRequestSchema,
  type OutputsResponseSchema,
  OutputsService,
  VersionService,
  versionHeader,
} from "./contract.js";
import { Code, type Explain, FalcoError } from "./error.js";
import { type Failure, failureOf } from "./failure.js";
import type { CallSettings } from "./stream/call-settings.js";
import { ReconnectPace } from "./stream/reconnect-pace.js";

export interface OutputsRpcOptions {
  transport: Transport;
  /** Where the transport leads, for error messages. */
  address: string | undefined;
  connectTimeoutMs: number;
  explain: Explain | undefined;
}

/** The calls of one client: the contract's methods, and what their failures mean. */
export class OutputsRpc {
  readonly #transport: Transport;
  readonly #address: string | undefined;
  readonly #explain: Explain | undefined;
  /** How long it takes at most to connect, in milliseconds. */
  readonly connectTimeoutMs: number;
  readonly pace = new ReconnectPace();
  /** Whether the server has ever answered: from then on, a connection that fails is one that was lost. */
  wasConnected = false;

  constructor({ transport, address, connectTimeoutMs, explain }: OutputsRpcOptions) {
    this.#transport = transport;
    this.#address = address;
    this.#explain = explain;
    this.connectTimeoutMs = connectTimeoutMs;
  }

  /** Resolves when the server has answered. @throws what the transport throws. */
  stream(
    method: "sub" | "get",
    { signal, timeoutMs, headers }: CallSettings,
    requests: AsyncIterable<MessageInitShape<typeof OutputsRequestSchema>>,
  ): Promise<StreamResponse<typeof OutputsRequestSchema, typeof OutputsResponseSchema>> {
    const desc = OutputsService.method[method];
    return this.#answered(
      this.#transport.stream(desc, signal, timeoutMs, headers, requests, createContextValues()),
    );
  }

  /** @throws what the transport throws. */
  version({ signal, timeoutMs, headers }: CallSettings) {
    const desc = VersionService.method.version;
    return this.#answered(this.#transport.unary(desc, signal, timeoutMs, headers, {}, createContextValues()));
  }

  /**
   * Falco's own server would take a request's options for an empty request, and hand alerts out before we knew; so its
   * version is asked for first.
   * @throws FalcoError with Unimplemented if it is Falco's own server that answers; what the transport throws.
   */
  async assertOurServer(call: CallSettings): Promise<void> {
    const limitMs = Math.min(call.timeoutMs ?? this.connectTimeoutMs, this.connectTimeoutMs);
    const tried = this.tried("version");
    let header: Headers;
    try {
      ({ header } = await this.version({ ...call, timeoutMs: limitMs }));
    } catch (reason) {
      const { metadata, code, rawMessage } = ConnectError.from(reason);
      // An answer all the same, also where Falco's version is not known.
      if (metadata.has(versionHeader)) return;
      if (code === Code.DeadlineExceeded && limitMs !== call.timeoutMs) {
        throw new FalcoError(`no answer came within ${limitMs} ms`, Code.Unavailable, {
          tried,
          cause: reason,
        });
      }
      if (!metadata.has("grpc-status")) throw reason;
      // Falco before 0.24 has no version. Any other status is a proxy's, whose server is away.
      if (code !== Code.Unimplemented) {
        throw new FalcoError(
          `something other than a Falco Outputs server answered: ${rawMessage}`,
          Code.Unavailable,
          { tried, cause: reason },
        );
      }
      header = metadata;
    }
    if (header.has(versionHeader)) return;
    throw new FalcoError(
      "this server is Falco's own, which has the shared queue only: leave out group, broadcast, after, follow and acknowledge (filterLocally filters on this side)",
      Code.Unimplemented,
      { tried },
    );
  }

  /** The error of a call that was ended from this side before it was complete. */
  cutShort(method: string): FalcoError {
    return new FalcoError("cut short: the call was ended before all alerts had come", Code.Canceled, {
      tried: this.tried(method),
    });
  }

  failure(method: string, reason: unknown): Failure {
    return failureOf(reason, this.tried(method), this.#explain);
  }

  /** What is being done, for error messages. */
  tried(method: string): string {
    return this.#address === undefined ? method : `${method} on ${this.#address}`;
  }

  async #answered<Answer>(call: Promise<Answer>): Promise<Answer> {
    try {
      const answer = await call;
      this.wasConnected = true;
      return answer;
    } catch (reason) {
      if (ConnectError.from(reason).metadata.has(versionHeader)) this.wasConnected = true;
      throw reason;
    }
  }
}
