import { ConnectError, createContextValues, type Transport } from "@connectrpc/connect";
import type { Alert } from "./alert.js";
import { OutputsService, type VersionResponse, VersionService, versionHeader } from "./contract.js";
import { Code, type Explain, FalcoError, falcoError } from "./error.js";
import { AlertIterator } from "./stream/alert-iterator.js";
import { type AcknowledgedStream, type AlertStream, Origins } from "./stream/alert-stream.js";
import type { Caller } from "./stream/call.js";
import type { CallOptions, GetOptions, SubOptions } from "./stream/options.js";
import { type Plan, planOf } from "./stream/plan.js";

/** Falco's version, as `falco.version.service` gives it: whole, and in parts. */
export type FalcoVersion = Omit<VersionResponse, "$typeName" | "$unknown">;

export interface ClientOptions {
  /** Any transport of Connect's for the gRPC, gRPC-Web or Connect protocol. */
  transport: Transport;
  /** Where the transport leads, for error messages. */
  address?: string;
  /**
   * How long the transport takes at the most to connect, and the server to answer the `version` call by which it is
   * known, in milliseconds. Default: 5,000.
   */
  connectTimeoutMs?: number;
  /** Puts the transport's own errors in words: what happened, and what to do. */
  explain?: Explain;
  /** Called once by `close()`, to let the transport's connection go. */
  onClose?: () => void | Promise<void>;
}

const defaultConnectTimeoutMs = 5_000;

/** Subscribes to a server of Falco's alerts: ours, or a Falco from 0.24 to 0.43. */
export interface Client {
  /**
   * Subscribes: to Falco's shared queue, of which each alert goes to one subscriber; to a group, whose members share
   * its alerts; or to a broadcast of all. The stream goes on until it is left, and comes back by itself when the
   * connection is lost. Iterating throws a FalcoError when it cannot.
   * @throws FalcoError with InvalidArgument for options that make no sense together.
   */
  sub(options: SubOptions & { acknowledge: "manual" }): AcknowledgedStream;
  sub(options?: SubOptions): AlertStream;
  /**
   * Gets what is there; the stream ends behind the last alert, unless it follows. Iterating throws a FalcoError when
   * the call fails.
   * @throws FalcoError with InvalidArgument for options that make no sense together.
   */
  get(options?: GetOptions): AlertStream;
  /**
   * The version of Falco behind the server.
   * @throws FalcoError
   */
  version(options?: CallOptions): Promise<FalcoVersion>;
  /** Ends every stream and call of this client. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A client over a transport. In Node, `createClient` of `@falco-outputs/node` brings the transport along. */
export function createClient(options: ClientOptions): Client {
  return new TransportClient(options);
}

class TransportClient implements Client {
  readonly #options: ClientOptions;
  readonly #closed = new AbortController();
  readonly #streams = new Set<AlertIterator>();

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  sub(options: SubOptions = {}): AcknowledgedStream {
    return this.#stream("sub", options);
  }

  get(options: GetOptions = {}): AlertStream {
    return this.#stream("get", options);
  }

  async version(options: CallOptions = {}): Promise<FalcoVersion> {
    this.#assertOpen("version");
    const signals = [this.#closed.signal, ...(options.signal === undefined ? [] : [options.signal])];
    try {
      const { message } = await this.#version(AbortSignal.any(signals), options.timeoutMs, options.headers);
      const { $typeName, $unknown, ...version } = message;
      return version;
    } catch (reason) {
      throw this.#error("version", reason);
    }
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    await Promise.all([...this.#streams].map((stream) => stream.return()));
    await this.#options.onClose?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #stream(method: "sub" | "get", options: SubOptions | GetOptions): AcknowledgedStream {
    const plan = planOf(method, options);
    const origins = new Origins();
    const open = () => this.#open(method, plan, origins);
    return {
      [Symbol.asyncIterator]: open,
      batches: () => ({ [Symbol.asyncIterator]: () => batchIterator(open()) }),
      acknowledge: (alert) => origins.acknowledge(alert),
    };
  }

  #open(method: "sub" | "get", plan: Plan, origins: Origins): AlertIterator {
    this.#assertOpen(method);
    const iterator: AlertIterator = new AlertIterator(
      {
        ...this.#caller(),
        connectTimeoutMs: this.#options.connectTimeoutMs ?? defaultConnectTimeoutMs,
        error: (reason) => this.#error(method, reason),
        onEnd: () => this.#streams.delete(iterator),
        onManual: (alert, origin) => origins.add(alert, origin),
      },
      plan,
    );
    this.#streams.add(iterator);
    return iterator;
  }

  #caller(): Caller {
    return {
      stream: (method, signal, timeoutMs, headers, requests) =>
        this.#options.transport.stream(
          OutputsService.method[method],
          signal,
          timeoutMs,
          withVersionHeader(headers),
          requests,
          createContextValues(),
        ),
      // Falco's own server would take the options for an empty request, and hand alerts out before we knew.
      assertOurServer: async (signal, timeoutMs, headers) => {
        const limitMs = this.#options.connectTimeoutMs ?? defaultConnectTimeoutMs;
        const answer = await this.#version(signal, Math.min(timeoutMs ?? limitMs, limitMs), headers).then(
          ({ header }) => header,
          (reason) => {
            const { metadata, code } = ConnectError.from(reason);
            // An answer all the same, also where Falco's version is not known; without any, the reason counts.
            if (metadata.has("grpc-status") || metadata.has(versionHeader)) return metadata;
            if (code !== Code.DeadlineExceeded || (timeoutMs ?? limitMs) < limitMs) throw reason;
            throw new FalcoError(`no answer came within ${limitMs} ms`, Code.Unavailable, {
              tried: this.#tried("version"),
              cause: reason,
            });
          },
        );
        if (answer.has(versionHeader)) return;
        throw new FalcoError(
          "this server is Falco's own, which has the shared queue only: leave out group, broadcast, after, follow and acknowledge (filterLocally filters on this side)",
          Code.Unimplemented,
          { tried: this.#tried("version") },
        );
      },
    };
  }

  #version(signal: AbortSignal, timeoutMs: number | undefined, headers: HeadersInit | undefined) {
    return this.#options.transport.unary(
      VersionService.method.version,
      signal,
      timeoutMs,
      withVersionHeader(headers),
      {},
      createContextValues(),
    );
  }

  #tried(method: string): string {
    return this.#options.address === undefined ? method : `${method} on ${this.#options.address}`;
  }

  #error(method: string, reason: unknown): FalcoError {
    return falcoError(reason, this.#tried(method), this.#options.explain);
  }

  #assertOpen(method: string): void {
    if (!this.#closed.signal.aborted) return;
    throw new FalcoError("the client is closed", Code.FailedPrecondition, { tried: this.#tried(method) });
  }
}

/** The caller's headers, and the one by which our server knows our clients. */
function withVersionHeader(headers: HeadersInit | undefined): Headers {
  const all = new Headers(headers);
  all.set(versionHeader, "1");
  return all;
}

function batchIterator(iterator: AlertIterator): AsyncIterator<readonly Alert[], undefined> {
  return { next: () => iterator.nextBatch(), return: () => iterator.return() };
}
