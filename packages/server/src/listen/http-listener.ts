import type { ServerResponse } from "node:http";
import { isLoopback } from "@falco-outputs/core/address";
import { OptionError } from "@falco-outputs/core/options";
import type { Address } from "@falco-outputs/core/transport";
import type { Logger } from "../logger.js";
import { type Item, readAddress } from "./address.js";
import { answer, createHttpListener, type HttpHandlers, type HttpLimits } from "./http-server.js";
import { HttpTokens, type NamedToken, type RequestHead, showsToken } from "./http-tokens.js";
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
   * What clients must show where they cannot have certificates; 16 to 1,024 visible ASCII characters, or a list of such
   * tokens with names. As `authorization: Bearer TOKEN`, as the password of Basic authorization
   * (`https://falco:TOKEN@host:5061/`), or as the last part of the path.
   */
  token?: string | readonly NamedToken[];
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

/** What is told about the requests of a listener. */
export interface HttpRequests {
  /**
   * Makes the handlers for what is let in.
   * @param token The name of the token that was shown; undefined without one.
   * @param onRefused What they call with the reason when they refuse a request.
   */
  handlers(token: string | undefined, onRefused: (reason: string) => void): HttpHandlers;
  /** A request without the token was refused. */
  onStranger(): void;
}

/**
 * Serves the http input on one address.
 * @param limits For tests, which have less time.
 * @throws OptionError; Error for an address that is not available.
 */
export async function listenHttp(
  { option, options }: Item<HttpInputOptions>,
  requests: HttpRequests,
  logger: Logger,
  limits?: Partial<HttpLimits>,
): Promise<HttpListener> {
  const { tls, token } = options;
  const address = checkedAddress(option, options);
  const tokens = token === undefined ? undefined : new HttpTokens(token, `${option}.token`);
  const listener = createHttpListener(
    { name: "http", option, address, permissions: options, tls, logger, limits },
    ({ connections, log }) => {
      const onRefused = (reason: string) => log.refused(reason);
      const names = tokens?.names ?? [undefined];
      const handlers = new Map(names.map((name) => [name, requests.handlers(name, onRefused)]));
      /** Undefined without a token that is right. */
      const handlersFor = (head: RequestHead): HttpHandlers | undefined => {
        if (tokens === undefined) return handlers.get(undefined);
        const admitted = tokens.admit(head);
        return admitted && handlers.get(admitted.name);
      };
      return {
        onRequest(request, response) {
          connections.use(connections.of(request.socket));
          const head = { authorization: request.headers.authorization, target: request.url! };
          const admitted = handlersFor(head);
          if (admitted !== undefined) return admitted.onRequest(request, response);
          const reason = showsToken(head) ? "the token is not this server's" : "a token is needed";
          requests.onStranger();
          onRefused(reason);
          refuseStranger(response, reason);
        },
        wholePosts: {
          // node:http refuses the others.
          takeFor: (head) => handlersFor(head)?.wholePosts?.takeFor(head),
          areSecret: tokens !== undefined,
        },
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

/** The body is not read. */
function refuseStranger(response: ServerResponse, reason: string): void {
  response
    .setHeader("www-authenticate", 'Bearer, Basic realm="falco-outputs"')
    .setHeader("connection", "close");
  answer(response, 401, reason);
}
