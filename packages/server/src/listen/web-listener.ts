import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import { parseAddress } from "@falco-outputs/core";
import type { requestHandler } from "../grpc/handler.js";
import { invalidOption } from "../invalid-option.js";
import { type Logger, Throttled } from "../logger.js";
import type { Pem } from "./pem.js";
import { logHandshakes, tlsServerOptions, withCertificates } from "./server-tls.js";
import { isLoopback, listenTcp } from "./tcp.js";
import { type Refusal, WebGuard } from "./web-guard.js";

/** Where browsers are served: the Connect and gRPC-Web protocols over HTTP/1.1. */
export interface WebOptions {
  /** `host:port` (port 0 takes a free one). Other machines can reach any address but a loopback one: it needs a token. */
  address: string;
  /**
   * What a client has to show as `authorization: Bearer TOKEN`, 16 to 1,024 visible ASCII characters. Default: none,
   * and whoever runs on this machine reads the alerts.
   */
  token?: string;
  /** The origins of the pages that may subscribe, e.g. "https://dashboard.example". Default: none. */
  allowedOrigins?: readonly string[];
  /** The server's certificate and key. Clients show the token, and no certificate. */
  tls?: { cert: Pem; key: Pem };
  /** Allows an address that other machines can reach without TLS: whoever is on the way reads alerts and token. */
  insecure?: boolean;
}

export interface WebListener {
  /** What clients take as their `baseUrl`. */
  readonly url: string;
  /** Takes no new connections, and resolves when those that are there have ended; after `graceMs` they are cut. */
  close(graceMs: number): Promise<void>;
}

// None of these limits how long an answer may take: streams stay open.
const limits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
};
const maxConnections = 1024;

/**
 * Serves browsers on one address. What comes from a page of another origin than those allowed, under another name
 * than the server's, or without the token is refused before anything runs.
 * @throws FalcoError with InvalidArgument that says which option is wrong; Error for an address that cannot be had.
 */
export async function listenWeb(
  options: WebOptions,
  handler: ReturnType<typeof requestHandler>,
  logger: Logger,
): Promise<WebListener> {
  const { host, port } = checkedAddress(options);
  const guard = new WebGuard(host, options.token, options.allowedOrigins ?? []);
  const refusals = new Throttled((refused, reason) => logger.warn({ refused, reason }, "web: refused"));
  const server = createServer(options.tls, (request, response) => {
    // Of a server that stops, a connection whose stream ended would be kept for a next request.
    response.once("close", () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
    const refusal = guard.check(request, response);
    if (refusal === undefined) return handler(request, response);
    if (refusal.logged !== undefined) refusals.add(1, refusal.logged);
    refuse(response, refusal);
  });
  server.maxConnections = maxConnections;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", logHandshakes(logger));
  const bound = await listenTcp(server, host, port);
  server.on("error", (error) => logger.error({ address: bound, reason: error.message }, "a listener failed"));
  return {
    url: `${options.tls === undefined ? "http" : "https"}://${bound}`,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Browsers connect ahead of need, and for Node a connection without a request is none that idles.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(cut);
      refusals.close();
    },
  };
}

function checkedAddress({ address: text, token, tls, insecure = false }: WebOptions) {
  const address = parseAddress(text);
  const quoted = JSON.stringify(text);
  if (address.kind !== "tcp") throw invalidOption(`web: ${quoted}, expected host:port`);
  if (isLoopback(address.host)) return address;
  if (token === undefined) {
    throw invalidOption(
      `web: other machines can reach ${quoted}: it needs a token (--web-token), or use a loopback address`,
    );
  }
  if (tls === undefined && !insecure) {
    throw invalidOption(
      `web: other machines can reach ${quoted}: it needs tls with cert and key, or insecure: true (--insecure-tcp)`,
    );
  }
  return address;
}

function createServer(
  tls: WebOptions["tls"],
  handle: (request: IncomingMessage, response: ServerResponse) => void,
) {
  if (tls === undefined) return createHttpServer(limits, handle);
  // No client shows a certificate, whatever else the object has.
  const secure = tlsServerOptions({ cert: tls.cert, key: tls.key }, "web.tls");
  return withCertificates("web.tls", () => createHttpsServer({ ...limits, ...secure }, handle));
}

/** Answers without reading the body. */
function refuse(response: ServerResponse, { status, reason }: Refusal): void {
  if (status === 204) {
    response.writeHead(204).end();
    return;
  }
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" });
  response.end(`${reason}\n`);
}
