import { isLoopback } from "@falco-outputs/core/address";
import { OptionError } from "@falco-outputs/core/options";
import type { Address } from "@falco-outputs/core/transport";
import type { Logger } from "../logger.js";
import { readAddress } from "./address.js";
import { createHttpListener, type HttpHandler, type HttpLimits } from "./http-server.js";
import type { ListenerState } from "./listener.js";
import type { TlsOptions } from "./pem.js";
import type { SocketPermissions } from "./socket-permissions.js";

/** Where an operator's tools ask how a program is. */
export interface OperationsListenerOptions extends SocketPermissions {
  /**
   * `host:port` (port 0 takes a free one) or `unix:///path`. Other machines can reach any host but a loopback one: it needs
   * `tls` with `ca` (mutual TLS), or `insecure`.
   */
  address: string;
  /** TCP: the server's certificate and key. With `ca`, the client's certificate is required and verified. */
  tls?: TlsOptions;
  /** Allows an address that other machines can reach as it is: anyone there may ask. */
  insecure?: boolean;
}

/** A listener for HTTP requests that are not alerts. */
export interface OperationsListener {
  /** Its URL, or `unix:///path`. */
  readonly url: string;
  readonly state: ListenerState;
  /** Accepts no new connections, and resolves when the open ones have ended; after a while they are cut. */
  close(): Promise<void>;
}

/** How long connections may take to end before they are cut, in milliseconds. */
const graceMs = 1_000;
/** Tools ask over few connections. */
const limits: Partial<HttpLimits> = { maxConnections: 64 };

/**
 * Serves requests on one address, with the limits and the log of the server's own listeners.
 * @param option What the options are called in errors, e.g. `operations`.
 * @throws OptionError; Error for an address that is not available.
 */
export async function listenOperations(
  option: string,
  options: OperationsListenerOptions,
  onRequest: HttpHandler,
  logger: Logger,
): Promise<OperationsListener> {
  const { tls } = options;
  const address = checkedAddress(option, options);
  const listener = createHttpListener(
    { name: "operations", option, address, permissions: options, tls, logger, limits },
    ({ connections }) => ({
      onRequest(request, response) {
        connections.use(connections.of(request.socket));
        onRequest(request, response);
      },
    }),
  );
  await listener.open();
  const scheme = tls === undefined ? "http" : "https";
  return {
    url: address.kind === "unix" ? listener.address : `${scheme}://${listener.address}`,
    get state() {
      return listener.state;
    },
    close: () => listener.close(graceMs),
  };
}

function checkedAddress(
  option: string,
  { address: text, tls, insecure = false }: OperationsListenerOptions,
): Address {
  const address = readAddress(option, text, "host:port or unix:///path");
  if (address.kind === "unix") {
    if (tls === undefined) return address;
    const expected = `nothing, since {${option}.address} is a unix socket`;
    throw new OptionError({ option: `${option}.tls`, got: tls, expected });
  }
  if (isLoopback(address.host) || tls?.ca !== undefined || insecure) return address;
  throw new OptionError({
    option: `${option}.address`,
    got: text,
    expected: `a loopback address, or {${option}.tls.ca}, {${option}.tls.cert} and {${option}.tls.key} with it (mutual TLS), or {${option}.insecure}: true`,
  });
}
