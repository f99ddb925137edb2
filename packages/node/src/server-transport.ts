/** For programs that call other services of a Falco Outputs server, such as its AdminService, with Connect's clients. */
import type { Transport } from "@connectrpc/connect";
import { failureOf, formatAddress } from "@falco-outputs/core/transport";
import { openTransport, type TransportOptions } from "./open-transport.js";

export type { TransportOptions } from "./open-transport.js";

export interface ServerTransport extends Transport {
  /** Lets the connection go: calls that are open fail. */
  close(): void;
}

/**
 * A transport to a server's address. The connection is made by the first call. A unary call that fails throws a
 * FalcoError, which says what was tried, what went wrong, and what to do.
 * @throws OptionError, which is a FalcoError with InvalidArgument, for an option that cannot work.
 */
export function createTransport(options: TransportOptions = {}): ServerTransport {
  const { transport, address, explain, close } = openTransport(options);
  return {
    unary: async (method, ...call) => {
      try {
        return await transport.unary(method, ...call);
      } catch (reason) {
        throw failureOf(reason, `${method.name} on ${formatAddress(address)}`, explain).thrown;
      }
    },
    stream: (...call) => transport.stream(...call),
    close,
  };
}
