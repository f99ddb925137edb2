import { type CallOptions, type Client, createClient } from "@connectrpc/connect";
import { AdminService } from "@falco-outputs/core/contract";
import { formatAddress, parseAddress } from "@falco-outputs/core/transport";
import { Code, FalcoError } from "@falco-outputs/node";
import { createTransport } from "@falco-outputs/node/transport";
import { stopSignal } from "../stop-signal.js";
import { connectBy } from "./connect.js";
import type { ConnectionOptions } from "./connection-options.js";

const defaultTimeoutMs = 10_000;

export interface Asking {
  readonly admin: Client<typeof AdminService>;
  /** For each call. */
  readonly call: CallOptions;
  /** Where the server is. */
  readonly address: string;
}

/**
 * Asks a server's service for operators.
 * @throws UsageError for options that cannot work; FalcoError; Error for a server without that service.
 */
export async function askAdmin<Answer>(
  options: ConnectionOptions,
  ask: (asking: Asking) => Promise<Answer>,
): Promise<Answer> {
  const { transport, address } = connectBy(
    (given) => ({ transport: createTransport(given), address: formatAddress(parseAddress(given.address)) }),
    options,
  );
  try {
    return await ask({
      admin: createClient(AdminService, transport),
      call: { timeoutMs: options.timeout ?? defaultTimeoutMs, signal: stopSignal() },
      address,
    });
  } catch (error) {
    if (!(error instanceof FalcoError) || error.code !== Code.Unimplemented) throw error;
    throw new Error(
      `${error.tried}: this server has no such service: it is Falco's own, or no Falco Outputs server`,
      {
        cause: error,
      },
    );
  } finally {
    transport.close();
  }
}
