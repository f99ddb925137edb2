/** For packages that bring a transport along: how its client is made, and how it speaks of addresses and errors. */
import { type Client, TransportClient, type TransportClientOptions } from "./client.js";

export { type Address, formatAddress } from "./address.js";
export type { TransportClientOptions } from "./client.js";
export type { Explain, Explanation } from "./error.js";
export { type Failure, failureOf } from "./failure.js";
export { parseAddress } from "./parse-address.js";

/**
 * A client over a transport that explains its errors.
 * @throws OptionError for an option that cannot work.
 */
export function createTransportClient(options: TransportClientOptions): Client {
  return new TransportClient(options);
}
