import type { Interceptor, Transport } from "@connectrpc/connect";
import { OptionError } from "@falco-outputs/core";
import { maxDeadlineMs, milliseconds, wholeNumber } from "@falco-outputs/core/options";
import { type Address, type Explain, parseAddress } from "@falco-outputs/core/transport";
import { connectionTo } from "./connection.js";
import { falcoFolder, folderWith, grpcSocket, isPrivate, socketAddress } from "./default-address.js";
import { explainFor } from "./explain.js";
import { SessionManager } from "./session-manager.js";
import type { TlsOptions } from "./tls.js";
import { createTransport } from "./transport/grpc-transport.js";

const defaultConnectTimeoutMs = 5_000;
const defaultKeepAliveMs = 30_000;
const maxPingTimeoutMs = 15_000;
/** gRPC's usual limit; a server of ours sends no alert above 1 MiB. */
const defaultMaxMessageBytes = 4 * 1024 * 1024;
/** What a frame of gRPC's can say of its length. */
const mostMessageBytes = 2 ** 32 - 1;

/** How to reach a server. */
export interface TransportOptions {
  /**
   * `unix:///path`, `unix:path`, a plain path, or `host:port`. Default: `unix:///run/falco/falco.sock`, or, if only that
   * is there when the client is created, the socket of a server that the same user has started: `falco.sock` in
   * $XDG_RUNTIME_DIR, or else in `falco-outputs-UID` in the folder for temporary files.
   */
  address?: string;
  /** Mutual TLS; needed for `host:port`. */
  tls?: TlsOptions;
  /** Allows `host:port` without TLS: anyone on the way can read along. */
  insecure?: boolean;
  /** How long the server may take to answer a new connection, in milliseconds. Default: 5,000. */
  connectTimeoutMs?: number;
  /**
   * After how long a quiet connection is checked with a ping, in milliseconds. The ping has the same time, but at most
   * 15,000, to be answered. Default: 30,000.
   */
  keepAliveMs?: number;
  /**
   * The largest message that is taken, in bytes. A larger one ends its call with ResourceExhausted, for good.
   * Default: 4,194,304.
   */
  maxMessageBytes?: number;
  /**
   * Connect's interceptors, around every call: for tracing, metadata and the like. What one throws ends the call and
   * reaches its caller as it is; only a ConnectError with Unavailable, Aborted or ResourceExhausted lets a stream try
   * again.
   */
  interceptors?: Interceptor[];
}

/** A transport to one server, its options with their defaults. */
export interface OpenTransport {
  readonly transport: Transport;
  readonly address: Address;
  readonly connectTimeoutMs: number;
  readonly explain: Explain;
  /** Lets the connection go. */
  readonly close: () => void;
}

/** @throws OptionError for an option that cannot work. */
export function openTransport(options: TransportOptions): OpenTransport {
  const address = parseAddress(options.address ?? defaultAddress());
  const connectTimeoutMs = milliseconds(
    "connectTimeoutMs",
    options.connectTimeoutMs,
    defaultConnectTimeoutMs,
    maxDeadlineMs,
  );
  const pingIntervalMs = milliseconds("keepAliveMs", options.keepAliveMs, defaultKeepAliveMs);
  const maxMessageBytes = wholeNumber("maxMessageBytes", options.maxMessageBytes, defaultMaxMessageBytes, {
    most: mostMessageBytes,
  });
  const pingTimeoutMs = Math.min(pingIntervalMs, maxPingTimeoutMs);
  const { baseUrl, sessionOptions } = connectionTo(address, { ...options, connectTimeoutMs });
  const sessionManager = new SessionManager(baseUrl, { pingIntervalMs, pingTimeoutMs }, sessionOptions);
  return {
    transport: createTransport({
      baseUrl,
      sessionManager,
      interceptors: options.interceptors ?? [],
      maxMessageBytes,
    }),
    address,
    connectTimeoutMs,
    explain: explainFor(address, options.tls !== undefined),
    close: () => sessionManager.close(),
  };
}

function defaultAddress(): string {
  const folder = folderWith(grpcSocket);
  if (folder === falcoFolder || isPrivate(folder)) return socketAddress(folder, grpcSocket);
  throw new OptionError({
    option: "address",
    got: undefined,
    expected: `one, since others own ${folder} or can write to it, and may have put the socket there`,
  });
}
