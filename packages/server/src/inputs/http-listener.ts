import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import { type Address, formatAddress, parseAddress } from "@falco-outputs/core";
import { invalidOption } from "../invalid-option.js";
import { BearerToken } from "../listen/bearer-token.js";
import { logHandshakes, type ServerTls, tlsServerOptions, withCertificates } from "../listen/server-tls.js";
import { isLoopback, listenTcp } from "../listen/tcp.js";
import { listenUnix } from "../listen/unix-socket.js";
import { type Logger, Throttled } from "../logger.js";
import { answer, type HttpHandler } from "./http.js";

/** Where alerts may be posted. */
export interface HttpInputOptions {
  /**
   * `host:port` (port 0 takes a free one) or `unix:///path`. Other machines can reach any host but a loopback one: it
   * needs `tls` with `ca` (mutual TLS), or `tls` and `token`.
   */
  address: string;
  /** TCP: the server's certificate and key. With `ca`, the client's certificate is required and verified. */
  tls?: ServerTls;
  /**
   * What clients have to show as `authorization: Bearer TOKEN`, where they cannot have certificates; 16 to 1,024
   * visible ASCII characters.
   */
  token?: string;
  /** Allows an address that other machines can reach as it is: whoever does may raise alerts, or read them on the way. */
  insecure?: boolean;
  /** Unix socket: its permissions. Default: 0o600. */
  mode?: number;
  /** Unix socket: the group that owns it, by name or number. */
  group?: string | number;
}

export interface HttpListener {
  /** Its URL, or `unix:///path`. */
  readonly url: string;
  /** Takes no new connections, and resolves when those that are there have ended; soon they are cut. */
  close(): Promise<void>;
}

const maxConnections = 1024;
/** How long connections may take to end before they are cut, in milliseconds. */
const graceMs = 1_000;
/** How long what comes over a connection may take, in milliseconds. */
const defaultLimits = {
  /** The head of a request; also a first one that never begins. */
  headersTimeout: 10_000,
  /** A whole request. */
  requestTimeout: 30_000,
  /** How long a connection may be quiet: longer than libcurl's 118 s, with which Falco would use it again. */
  keepAliveTimeout: 180_000,
  /** How often Node looks whether one of the first two has passed. */
  connectionsCheckingInterval: 5_000,
};

/**
 * Serves the http input on one address.
 * @param limits For tests, which have less time.
 * @throws FalcoError with InvalidArgument that says which option is wrong; Error for an address that cannot be had.
 */
export async function listenHttp(
  options: HttpInputOptions,
  handler: HttpHandler,
  logger: Logger,
  limits: Partial<typeof defaultLimits> = {},
): Promise<HttpListener> {
  const { tls, token, mode, group } = options;
  const address = checkedAddress(options);
  const refusals = new Throttled((refused, reason) => logger.warn({ refused, reason }, "http: refused"));
  const handle = token === undefined ? handler : guarded(handler, token, refusals);
  const serverOptions = { ...defaultLimits, ...limits, maxHeaderSize: 16 * 1024 };
  const secure = tls && tlsServerOptions(tls, "inputs.http.tls");
  const server =
    secure === undefined
      ? createHttpServer(serverOptions, handle)
      : withCertificates("inputs.http.tls", () => createHttpsServer({ ...serverOptions, ...secure }, handle));
  server.maxConnections = maxConnections;
  server.on("tlsClientError", logHandshakes(logger));
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });

  let bound: string;
  if (address.kind === "unix") {
    const permissions = { ...(mode !== undefined && { mode }), ...(group !== undefined && { group }) };
    await listenUnix(server, { path: address.path, ...permissions });
    bound = formatAddress(address);
  } else {
    bound = await listenTcp(server, address.host, address.port);
  }
  server.on("error", (error) => logger.error({ address: bound, reason: error.message }, "a listener failed"));
  return {
    url: address.kind === "unix" ? bound : `${tls === undefined ? "http" : "https"}://${bound}/`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // For Node a connection that had no request yet is none that idles.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      const cut = setTimeout(() => {
        // Of one whose TLS handshake is not done, the server knows nothing.
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(cut);
      refusals.close();
    },
  };
}

function checkedAddress({ address: text, tls, token, insecure = false }: HttpInputOptions): Address {
  const quoted = JSON.stringify(text);
  const address = parse(text);
  if (address.kind === "unix") {
    if (tls === undefined) return address;
    throw invalidOption(`inputs.http: ${quoted} is a unix socket, where tls has no use`);
  }
  const isProtected = tls !== undefined && (tls.ca !== undefined || token !== undefined);
  if (isLoopback(address.host) || isProtected || insecure) return address;
  throw invalidOption(
    `inputs.http: other machines can reach ${quoted}: it needs tls with cert, key and ca (mutual TLS), or tls with cert and key and a token, or insecure: true (--insecure-tcp); or use a loopback address`,
  );
}

function parse(text: string): Address {
  try {
    const address = parseAddress(text);
    // A URL's end, as in "127.0.0.1:5061/", makes no path of it.
    if (address.kind === "tcp" || /^(?:unix:|\.{0,2}\/)/.test(text)) return address;
  } catch {
    // The same words for all of them.
  }
  throw invalidOption(`inputs.http: ${JSON.stringify(text)}, expected host:port or unix:///path`);
}

/** Whoever does not show the token is answered 401, and nothing of what they send is read. */
function guarded(handler: HttpHandler, text: string, refusals: Throttled): HttpHandler {
  const token = new BearerToken(text, "inputs.http.token");
  return (request, response) => {
    const reason = token.refusalOf(request.headers.authorization);
    if (reason === undefined) return handler(request, response);
    refusals.add(1, reason);
    response.setHeader("www-authenticate", "Bearer").setHeader("connection", "close");
    answer(response, 401, reason);
  };
}
