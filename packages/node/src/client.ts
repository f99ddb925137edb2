import type { Interceptor } from "@connectrpc/connect";
import {
  type Client,
  type ClientOptions as CoreClientOptions,
  createClient as createCoreClient,
  OptionError,
} from "@falco-outputs/core";
import { maxDeadlineMs, milliseconds, wholeNumber } from "@falco-outputs/core/options";
import { createTransportClient, formatAddress, parseAddress } from "@falco-outputs/core/transport";
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
/** A server on the same machine is not spared by waiting. */
const maxUnixDelayMs = 1_000;

export type ClientOptions = AddressOptions | CoreClientOptions;

interface AddressOptions {
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
  transport?: never;
}

/**
 * A client for a server's address. The connection is made by the first call, and again by the next one after it was
 * lost; it keeps the process alive only while a call is open.
 * @throws OptionError, which is a FalcoError with InvalidArgument, for an option that cannot work.
 */
export function createClient(options: ClientOptions = {}): Client {
  if (options.transport !== undefined) return createCoreClient(options);
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
  return createTransportClient({
    transport: createTransport({
      baseUrl,
      sessionManager,
      interceptors: options.interceptors ?? [],
      maxMessageBytes,
    }),
    address: formatAddress(address),
    connectTimeoutMs,
    ...(address.kind === "unix" && { maxReconnectDelayMs: maxUnixDelayMs }),
    explain: explainFor(address, options.tls !== undefined),
    onClose: () => sessionManager.close(),
  });
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
