/// <reference lib="esnext.disposable" preserve="true" />
import type { Transport } from "@connectrpc/connect";
import { maxDeadlineMs, milliseconds } from "./check-option.js";
import type { VersionResponse } from "./contract.js";
import { Code, type Explain, FalcoError } from "./error.js";
import { OutputsRpc } from "./outputs-rpc.js";
import { AlertIterator } from "./stream/alert-iterator.js";
import type { AcknowledgedStream, AlertStream } from "./stream/alert-stream.js";
import { callSettings } from "./stream/call-settings.js";
import { Deliveries } from "./stream/deliveries.js";
import { OpenedStream } from "./stream/opened-stream.js";
import type { CallOptions, GetOptions, SubOptions } from "./stream/options.js";
import { type StreamSettings, streamSettings } from "./stream/settings.js";

/** Falco's version, as `falco.version.service` has it: whole, and in parts. */
export type FalcoVersion = Omit<VersionResponse, "$typeName" | "$unknown">;

export interface ClientOptions {
  /** Any transport of Connect's for the gRPC, gRPC-Web or Connect protocol. */
  transport: Transport;
  /** Where the transport leads, for error messages. */
  address?: string;
  /**
   * How long the transport takes at most to connect, and the server to answer the `version` call by which it is known,
   * in milliseconds. Default: 5,000.
   */
  connectTimeoutMs?: number;
}

/** For packages that bring a transport along. */
export interface TransportClientOptions extends ClientOptions {
  /** Explains the transport's own errors: what happened, and what to do. */
  explain?: Explain;
  /** Called once by `close()`, to let the transport's connection go. */
  onClose?: () => void | Promise<void>;
  /** The longest wait before another attempt to connect, where a stream's options do not say. Default: 30,000. */
  maxReconnectDelayMs?: number;
}

const defaultConnectTimeoutMs = 5_000;

/** Subscribes to a server of Falco's alerts: ours, or a Falco from 0.24 to 0.43. */
export interface Client {
  /**
   * Subscribes: to Falco's shared queue, of which each alert goes to one subscriber; to a group, whose members share
   * its alerts; or to a broadcast of all. The stream goes on until it is left, and comes back by itself when the
   * connection is lost. Iterating throws a FalcoError when it cannot, and what a function of the caller's throws.
   * @throws FalcoError with InvalidArgument for options that cannot work, or do not go together.
   */
  sub(options: SubOptions & { acknowledge: "manual" }): AcknowledgedStream;
  sub(options?: SubOptions): AlertStream;
  /**
   * Gets what is there; the stream ends after the last alert, unless it follows. Iterating throws a FalcoError when
   * the call fails, and what a function of the caller's throws.
   * @throws FalcoError with InvalidArgument for options that cannot work, or do not go together.
   */
  get(options?: GetOptions): AlertStream;
  /**
   * The version of Falco behind the server.
   * @throws FalcoError; what a function of the caller's throws.
   */
  version(options?: CallOptions): Promise<FalcoVersion>;
  /**
   * Ends every stream and call of this client. A stream that acknowledges ends once all that it gave is acknowledged, or
   * its `drainTimeoutMs` is over.
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A client over a transport. In Node, `createClient` of `@falco-outputs/node` brings the transport along.
 * @throws OptionError for an option that cannot work.
 */
export function createClient(options: ClientOptions): Client {
  return new TransportClient(options);
}

export class TransportClient implements Client {
  readonly #rpc: OutputsRpc;
  readonly #onClose: TransportClientOptions["onClose"];
  readonly #maxReconnectDelayMs: number | undefined;
  readonly #closed = new AbortController();
  readonly #streams = new Set<AlertIterator>();
  #closing: Promise<void> | undefined;

  constructor(options: TransportClientOptions) {
    const { transport, address, connectTimeoutMs, explain, onClose, maxReconnectDelayMs } = options;
    this.#rpc = new OutputsRpc({
      transport,
      address,
      connectTimeoutMs: milliseconds(
        "connectTimeoutMs",
        connectTimeoutMs,
        defaultConnectTimeoutMs,
        maxDeadlineMs,
      ),
      explain,
    });
    this.#onClose = onClose;
    this.#maxReconnectDelayMs = maxReconnectDelayMs;
  }

  sub(options: SubOptions = {}): AcknowledgedStream {
    return this.#stream("sub", options);
  }

  get(options: GetOptions = {}): AlertStream {
    return this.#stream("get", options);
  }

  async version(options: CallOptions = {}): Promise<FalcoVersion> {
    this.#assertOpen("version");
    const call = callSettings(options);
    const signals = [this.#closed.signal, ...(call.signal === undefined ? [] : [call.signal])];
    try {
      const { message } = await this.#rpc.version({ ...call, signal: AbortSignal.any(signals) });
      const { $typeName, $unknown, ...version } = message;
      return version;
    } catch (reason) {
      throw this.#rpc.failure("version", reason).thrown;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed.abort();
    await Promise.all([...this.#streams].map((stream) => stream.stop()));
    await this.#onClose?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #stream(method: "sub" | "get", options: SubOptions | GetOptions): AcknowledgedStream {
    const settings = streamSettings(method, options, this.#maxReconnectDelayMs);
    const deliveries = new Deliveries();
    return new OpenedStream(() => this.#open(settings, deliveries), deliveries);
  }

  #open(settings: StreamSettings, deliveries: Deliveries): AlertIterator {
    this.#assertOpen(settings.method);
    const iterator: AlertIterator = new AlertIterator({
      rpc: this.#rpc,
      settings,
      deliveries,
      onClosed: () => this.#streams.delete(iterator),
    });
    this.#streams.add(iterator);
    return iterator;
  }

  #assertOpen(method: string): void {
    if (!this.#closed.signal.aborted) return;
    throw new FalcoError("the client is closed", Code.FailedPrecondition, { tried: this.#rpc.tried(method) });
  }
}
