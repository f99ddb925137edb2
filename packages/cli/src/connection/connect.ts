import { parseAddress } from "@falco-outputs/core/transport";
import { type Client, createClient } from "@falco-outputs/node";
import type { TransportOptions } from "@falco-outputs/node/transport";
import { clientFlags, inFlags } from "../args/flags.js";
import { UsageError } from "../args/usage-error.js";
import type { ConnectionOptions } from "./connection-options.js";
import { defaultServerAddress } from "./default-address.js";

/** @throws UsageError for options that cannot work. */
export function connect(options: ConnectionOptions): Client {
  return connectBy(createClient, options);
}

/**
 * @param create Makes what speaks to the server.
 * @throws UsageError for options that cannot work.
 */
export function connectBy<Connected>(
  create: (options: TransportOptions & { address: string }) => Connected,
  options: ConnectionOptions,
): Connected {
  const { cert, key, ca, serverName, insecureTcp = false, timeout } = options;
  const address = options.address || defaultServerAddress();
  const files = [cert, key, ca].filter((file) => file !== undefined);
  if (files.length > 0 && files.length < 3) throw new UsageError("--cert, --key and --ca go together");
  if (files.length === 0 && serverName !== undefined) {
    throw new UsageError("--server-name goes with --cert, --key and --ca");
  }
  try {
    if (files.length === 0 && !insecureTcp && parseAddress(address).kind === "tcp") {
      throw new UsageError(
        `--address ${address} needs --cert, --key and --ca (mutual TLS), or --insecure-tcp`,
      );
    }
    return create({
      address,
      insecure: insecureTcp,
      ...(files.length > 0 && {
        tls: { cert: cert!, key: key!, ca: ca!, ...(serverName !== undefined && { serverName }) },
      }),
      ...(timeout !== undefined && { connectTimeoutMs: timeout }),
    });
  } catch (error) {
    throw inFlags(error, clientFlags);
  }
}
