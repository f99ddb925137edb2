import { isLoopback } from "@falco-outputs/core/address";
import { OptionError } from "@falco-outputs/core/options";
import type { Address } from "@falco-outputs/core/transport";
import type { Logger } from "../logger.js";
import { type Item, readAddress } from "./address.js";
import { BearerToken } from "./bearer-token.js";
import {
  answer,
  createHttpListener,
  type HttpHandler,
  type HttpHandlers,
  type HttpLimits,
} from "./http-server.js";
import type { ListenerState } from "./listener.js";
import type { TlsOptions } from "./pem.js";
import type { SocketPermissions } from "./socket-permissions.js";

/** Where alerts may be posted. */
export interface HttpInputOptions extends SocketPermissions {
  /**
   * `host:port` (port 0 takes a free one) or `unix:///path`. Other machines can reach any host but a loopback one: it
   * needs `tls` with `ca` (mutual TLS), or `tls` and `token`.
   */
  address: string;
  /** TCP: the server's certificate and key. With `ca`, the client's certificate is required and verified. */
  tls?: TlsOptions;
  /**
   * What clients must show as `authorization: Bearer TOKEN`, where they cannot have certificates; 16 to 1,024 visible
   * ASCII characters.
   */
  token?: string;
  /** Allows an address that other machines can reach as it is: anyone there may raise alerts, or read them on the way. */
  insecure?: boolean;
}

export interface HttpListener {
  /** Its URL, or `unix:///path`. */
  readonly url: string;
  readonly state: ListenerState;
  /** Accepts no new connections, and resolves when the open ones have ended; after a while they are cut. */
  close(): Promise<void>;
}

/** How long connections may take to end before they are cut, in milliseconds. */
const graceMs = 1_000;

/**
 * Serves the http input on one address.
 * @param createHandlers Makes the handlers; it is given what to call with the reason when a request is refused.
 * @param limits For tests, which have less time.
 * @throws OptionError; Error for an address that is not available.
 */
export async function listenHttp(
  { option, options }: Item<HttpInputOptions>,
  createHandlers: (onRefused: (reason: string) => void) => HttpHandlers,
  logger: Logger,
  limits?: Partial<HttpLimits>,
): Promise<HttpListener> {
  const { tls, token: tokenText } = options;
  const address = checkedAddress(option, options);
  const token = tokenText === undefined ? undefined : new BearerToken(tokenText, `${option}.token`);
  const listener = createHttpListener(
    { name: "http", option, address, permissions: options, tls, logger, limits },
    ({ connections, log }) => {
      const onRefused = (reason: string) => log.refused(reason);
      const { onRequest, onWholePost } = createHandlers(onRefused);
      const admitted = token === undefined ? onRequest : guarded(onRequest, token, onRefused);
      return {
        onRequest(request, response) {
          connections.use(connections.of(request.socket));
          admitted(request, response);
        },
        // A post in that form shows no token.
        onWholePost: token === undefined ? onWholePost : undefined,
      };
    },
  );
  await listener.open();
  const scheme = tls === undefined ? "http" : "https";
  return {
    url: address.kind === "unix" ? listener.address : `${scheme}://${listener.address}/`,
    get state() {
      return listener.state;
    },
    close: () => listener.close(graceMs),
  };
}

const anyAddress = "host:port or unix:///path";

function checkedAddress(option: string, options: HttpInputOptions): Address {
  const { address: text, tls, token, insecure = false } = options;
  const wrong = (expected: string) => new OptionError({ option: `${option}.address`, got: text, expected });
  const address = readAddress(option, text, anyAddress);
  if (address.kind === "unix") {
    // A URL's end, as in "127.0.0.1:5061/", does not make a path of it.
    if (!/^(?:unix:|\.{0,2}\/)/.test(text)) throw wrong(anyAddress);
    if (tls !== undefined) {
      const expected = `nothing, since {${option}.address} is a unix socket`;
      throw new OptionError({ option: `${option}.tls`, got: tls, expected });
    }
    return address;
  }
  const isProtected = tls !== undefined && (tls.ca !== undefined || token !== undefined);
  if (isLoopback(address.host) || isProtected || insecure) return address;
  // Other machines can reach it.
  throw wrong(
    `a loopback address, or {${option}.tls.cert} and {${option}.tls.key} with it, and {${option}.tls.ca} (mutual TLS) or {${option}.token}; or {${option}.insecure}: true`,
  );
}

/** A request without the token is answered 401, and its body is not read. */
function guarded(handler: HttpHandler, token: BearerToken, onRefused: (reason: string) => void): HttpHandler {
  return (request, response) => {
    const reason = token.refusalOf(request.headers.authorization);
    if (reason === undefined) return handler(request, response);
    onRefused(reason);
    response.setHeader("www-authenticate", "Bearer").setHeader("connection", "close");
    answer(response, 401, reason);
  };
}
