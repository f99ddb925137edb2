import type { Interceptor } from "@connectrpc/connect";
import {
  type Client,
  type ClientOptions as CoreClientOptions,
  createClient as createCoreClient,
  formatAddress,
  parseAddress,
} from "@falco-outputs/core";
import { connectionTo } from "./connection.js";
import { explainFor } from "./explain.js";
import { SessionManager } from "./session-manager.js";
import type { TlsOptions } from "./tls.js";
import { createTransport } from "./transport/grpc-transport.js";

/** Falco's own default. */
export const defaultAddress = "unix:///run/falco/falco.sock";

const defaultConnectTimeoutMs = 5_000;
const defaultKeepAliveMs = 30_000;
const maxPingTimeoutMs = 15_000;

export type ClientOptions = AddressOptions | CoreClientOptions;

interface AddressOptions {
  /** `unix:///path`, `unix:path`, a plain path, or `host:port`. Default: `unix:///run/falco/falco.sock`. */
  address?: string;
  /** Mutual TLS; needed for `host:port`. */
  tls?: TlsOptions;
  /** Allows `host:port` without TLS: whoever is on the way reads along. */
  insecure?: boolean;
  /** How long the server may take to answer a new connection. Default: 5,000. */
  connectTimeoutMs?: number;
  /**
   * After how long a quiet connection is checked with a ping, which has the same time, but at most 15,000, to be
   * answered. Default: 30,000.
   */
  keepAliveMs?: number;
  /** Connect's interceptors, around every call: for tracing, metadata and the like. */
  interceptors?: Interceptor[];
  transport?: never;
}

/**
 * A client for a server's address. The connection is made by the first call, and again by the next one after it was
 * lost; it keeps the process alive only while a call is open.
 * @throws FalcoError with InvalidArgument for an address or certificates that cannot work.
 */
export function createClient(options: ClientOptions = {}): Client {
  if (options.transport !== undefined) return createCoreClient(options);
  const address = parseAddress(options.address ?? defaultAddress);
  const connectTimeoutMs = options.connectTimeoutMs ?? defaultConnectTimeoutMs;
  const { baseUrl, sessionOptions } = connectionTo(address, { ...options, connectTimeoutMs });
  const pingIntervalMs = options.keepAliveMs ?? defaultKeepAliveMs;
  const pingTimeoutMs = Math.min(pingIntervalMs, maxPingTimeoutMs);
  const sessionManager = new SessionManager(baseUrl, { pingIntervalMs, pingTimeoutMs }, sessionOptions);
  return createCoreClient({
    transport: createTransport({ baseUrl, sessionManager, interceptors: options.interceptors ?? [] }),
    address: formatAddress(address),
    connectTimeoutMs,
    explain: explainFor(address, options.tls !== undefined),
    onClose: () => sessionManager.abort(),
  });
}
