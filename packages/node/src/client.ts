import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import {
  type Client,
  type ClientOptions as CoreClientOptions,
  createClient as createCoreClient,
  formatAddress,
  parseAddress,
} from "@falco-outputs/core";
import { connectionTo } from "./connection.js";
import { explainFor } from "./explain.js";
import type { TlsOptions } from "./tls.js";

/** Falco's own default. */
export const defaultAddress = "unix:///run/falco/falco.sock";

const defaultConnectTimeoutMs = 5_000;
const defaultKeepAliveMs = 30_000;
/** gRPC's usual limit; a server of ours sends no alert above 1 MiB. */
const maxResponseBytes = 4 * 1024 * 1024;

export type ClientOptions = AddressOptions | CoreClientOptions;

interface AddressOptions {
  /** `unix:///path`, `unix:path`, a plain path, or `host:port`. Default: `unix:///run/falco/falco.sock`. */
  address?: string;
  /** Mutual TLS; needed for `host:port`. */
  tls?: TlsOptions;
  /** Allows `host:port` without TLS: whoever is on the way reads along. */
  insecure?: boolean;
  /** How long a connection may take to come about. Default: 5,000. */
  connectTimeoutMs?: number;
  /** After how long a quiet connection is checked with a ping. Default: 30,000. */
  keepAliveMs?: number;
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
  const { baseUrl, sessionOptions } = connectionTo(address, {
    connectTimeoutMs: defaultConnectTimeoutMs,
    ...options,
  });
  const sessionManager = new Http2SessionManager(
    baseUrl,
    { pingIntervalMs: options.keepAliveMs ?? defaultKeepAliveMs },
    sessionOptions,
  );
  return createCoreClient({
    // Alerts come uncompressed from every server that there is.
    transport: createGrpcTransport({
      baseUrl,
      sessionManager,
      acceptCompression: [],
      readMaxBytes: maxResponseBytes,
    }),
    address: formatAddress(address),
    explain: explainFor(address),
    onClose: () => sessionManager.abort(),
  });
}
