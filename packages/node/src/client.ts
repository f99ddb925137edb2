import {
  type Client,
  type ClientOptions as CoreClientOptions,
  createClient as createCoreClient,
} from "@falco-outputs/core";
import { createTransportClient, formatAddress } from "@falco-outputs/core/transport";
import { openTransport, type TransportOptions } from "./open-transport.js";

/** A server on the same machine is not spared by waiting. */
const maxUnixDelayMs = 1_000;

export type ClientOptions = AddressOptions | CoreClientOptions;

interface AddressOptions extends TransportOptions {
  transport?: never;
}

/**
 * A client for a server's address. The connection is made by the first call, and again by the next one after it was
 * lost; it keeps the process alive only while a call is open.
 * @throws OptionError, which is a FalcoError with InvalidArgument, for an option that cannot work.
 */
export function createClient(options: ClientOptions = {}): Client {
  if (options.transport !== undefined) return createCoreClient(options);
  const { transport, address, connectTimeoutMs, explain, close } = openTransport(options);
  return createTransportClient({
    transport,
    address: formatAddress(address),
    connectTimeoutMs,
    ...(address.kind === "unix" && { maxReconnectDelayMs: maxUnixDelayMs }),
    explain,
    onClose: close,
  });
}
