/** For packages that bring a transport along: how its client is made, and how it speaks of addresses and errors. */
import { type Client, type ClientOptions, TransportClient } from "./client.js";
import type { Explain } from "./error.js";

export { type Address, formatAddress } from "./address.js";
export type { Explain, Explanation } from "./error.js";
export { parseAddress } from "./parse-address.js";

export interface TransportClientOptions extends ClientOptions {
  /** Explains the transport's own errors: what happened, and what to do. */
  explain?: Explain;
  /** Called once by `close()`, to let the transport's connection go. */
  onClose?: () => void | Promise<void>;
  /** The longest wait before another attempt to connect, where a stream's options do not say. Default: 30,000. */
  maxReconnectDelayMs?: number;
}

/**
 * A client over a transport that explains its errors.
 * @throws OptionError for an option that cannot work.
 */
export function createTransportClient(options: TransportClientOptions): Client {
  return new TransportClient(options);
}
