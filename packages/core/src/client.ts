import type { MessageInitShape } from "@bufbuild/protobuf";
import { createContextValues, type Transport } from "@connectrpc/connect";
import type { Alert } from "./alert.js";
import { AlertIterator, type Call } from "./alert-iterator.js";
import {
  type OutputsRequestSchema,
  OutputsService,
  type VersionResponse,
  VersionService,
  versionHeader,
} from "./contract.js";
import { Code, type Explain, FalcoError, falcoError } from "./error.js";
import { Requests } from "./requests.js";

/** Falco's version, as `falco.version.service` gives it: whole, and in parts. */
export type FalcoVersion = Omit<VersionResponse, "$typeName" | "$unknown">;

/** What every call takes. */
export interface CallOptions {
  /** Ends the call. A stream then ends without an error, once the body of the loop is done. */
  signal?: AbortSignal;
  /** The call's deadline, in milliseconds from its start; beyond it, it fails with DeadlineExceeded. Default: none. */
  timeoutMs?: number;
  /** Headers to send along. */
  headers?: HeadersInit;
}

export interface GetOptions extends CallOptions {}

export interface SubOptions extends CallOptions {
  /**
   * How often Falco's own server, which answers only to requests, is asked while no alert comes, in milliseconds.
   * Default: 100. Our server is never asked twice.
   */
  pollIntervalMs?: number;
}

/** Alerts as they arrive. Each iteration is a call of its own, opened by the first `next()`, ended by `break`. */
export interface AlertStream {
  [Symbol.asyncIterator](): AsyncIterableIterator<Alert>;
}

export interface ClientOptions {
  /** Any transport of Connect's for the gRPC, gRPC-Web or Connect protocol. */
  transport: Transport;
  /** Where the transport leads, for error messages. */
  address?: string;
  /** Puts the transport's own errors in words: what happened, and what to do. */
  explain?: Explain;
  /** Called once by `close()`, to let the transport's connection go. */
  onClose?: () => void | Promise<void>;
}

/** Subscribes to a server of Falco's alerts: ours, or a Falco from 0.24 to 0.43. */
export interface Client {
  /**
   * Subscribes to Falco's shared queue: first what is queued, then what comes. Each alert goes to one subscriber.
   * Iterating throws a FalcoError when the call fails.
   */
  sub(options?: SubOptions): AlertStream;
  /** Takes what is queued; the stream ends when the queue is empty. Iterating throws a FalcoError when the call fails. */
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

const defaultPollIntervalMs = 100;

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

  sub({ pollIntervalMs = defaultPollIntervalMs, ...options }: SubOptions = {}): AlertStream {
    if (!(pollIntervalMs > 0)) {
      throw new FalcoError(`pollIntervalMs: ${pollIntervalMs}, expected more than 0`, Code.InvalidArgument);
    }
    return this.#stream("sub", options, () => {
      const requests = new Requests();
      let polling: ReturnType<typeof setInterval> | undefined;
      let idle = true;
      return {
        open: async (signal) => {
          polling = setInterval(() => {
            if (idle) requests.poll();
            idle = true;
          }, pollIntervalMs);
          const response = await this.#open(OutputsService.method.sub, requests, options, signal);
          if (response.header.has(versionHeader)) clearInterval(polling);
          return response;
        },
        onAlert: () => {
          idle = false;
        },
        onEnd: () => {
          clearInterval(polling);
          requests.end();
        },
      };
    });
  }

  get(options: GetOptions = {}): AlertStream {
    return this.#stream("get", options, () => ({
      open: (signal) => this.#open(OutputsService.method.get, single({}), options, signal),
    }));
  }

  async version(options: CallOptions = {}): Promise<FalcoVersion> {
    this.#assertOpen("version");
    const signals = [this.#closed.signal, ...(options.signal === undefined ? [] : [options.signal])];
    try {
      const { message } = await this.#options.transport.unary(
        VersionService.method.version,
        AbortSignal.any(signals),
        options.timeoutMs,
        headersOf(options),
        {},
        createContextValues(),
      );
      const { $typeName, $unknown, ...version } = message;
      return version;
    } catch (reason) {
      throw this.#error("version", reason);
    }
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    for (const stream of this.#streams) void stream.return();
    await this.#options.onClose?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #stream(method: string, { signal }: CallOptions, start: () => Pick<Call, "open" | "onAlert" | "onEnd">) {
    return {
      [Symbol.asyncIterator]: () => {
        this.#assertOpen(method);
        const call = start();
        const iterator: AlertIterator = new AlertIterator(
          {
            ...call,
            onEnd: () => {
              this.#streams.delete(iterator);
              call.onEnd?.();
            },
            error: (reason) => this.#error(method, reason),
          },
          signal,
        );
        this.#streams.add(iterator);
        return iterator;
      },
    };
  }

  #open(
    method: typeof OutputsService.method.sub | typeof OutputsService.method.get,
    requests: AsyncIterable<MessageInitShape<typeof OutputsRequestSchema>>,
    options: CallOptions,
    signal: AbortSignal,
  ) {
    return this.#options.transport.stream(
      method,
      signal,
      options.timeoutMs,
      headersOf(options),
      requests,
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
function headersOf({ headers }: CallOptions): Headers {
  const all = new Headers(headers);
  all.set(versionHeader, "1");
  return all;
}

async function* single<T>(value: T): AsyncGenerator<T, undefined> {
  yield value;
  return undefined;
}
