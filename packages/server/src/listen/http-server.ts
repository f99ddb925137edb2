import {
  createServer as createPlainServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Logger } from "../logger.js";
import { Listener, type ListenerOptions } from "./listener.js";
import type { TlsOptions } from "./pem.js";
import { serveWholePosts, type WholePostTaker } from "./serve-whole-posts.js";
import { tlsServerOptions, withCertificates } from "./tls-server.js";

/** Answers a request. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface HttpHandlers {
  readonly onRequest: HttpHandler;
  /** Takes posts that arrive whole, faster than `onRequest`, and as it would. */
  readonly wholePosts?: WholePostTaker | undefined;
}

/** What a peer may take for itself, with times in milliseconds. None of them bounds an answer: streams stay open. */
export interface HttpLimits {
  /** How long the headers of a request may take. */
  headersTimeout: number;
  /** How long a whole request may take. */
  requestTimeout: number;
  /** How often Node checks these. */
  connectionsCheckingInterval: number;
  /** How long a connection may be idle. Longer than senders keep idle connections. */
  idleMs: number;
  maxConnections: number;
}

const defaultLimits: HttpLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  idleMs: 600_000,
  maxConnections: 1024,
};

export interface HttpServerOptions
  extends Pick<ListenerOptions, "name" | "option" | "address" | "permissions"> {
  readonly tls: TlsOptions | undefined;
  readonly logger: Logger;
  readonly limits?: Partial<HttpLimits> | undefined;
}

/** What Node answers to what it cannot read, by the error's code. Anything else is 400. */
const statuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

const reasons: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "a request's headers were too large",
  HPE_INVALID_EOF_STATE: "a request broke off",
  ERR_HTTP_REQUEST_TIMEOUT: "a request did not arrive in time",
};

/**
 * A listener for HTTP/1.1, with TLS if there are certificates.
 * @throws OptionError for certificates that cannot work.
 */
export function createHttpListener(
  { tls, limits, ...options }: HttpServerOptions,
  handlersOf: (listener: Listener) => HttpHandlers,
): Listener {
  const { idleMs, maxConnections, ...timeouts } = { ...defaultLimits, ...limits };
  // Idle connections are the listener's: Node would close one over which a request is just arriving.
  const serverOptions = { ...timeouts, keepAliveTimeout: 0, maxHeaderSize: 16 * 1024 };
  const server = createServer(serverOptions, tls, `${options.option}.tls`);
  const listener = new Listener(server, { ...options, idleMs, maxConnections, certificate: tls?.cert });
  const { onRequest, wholePosts } = handlersOf(listener);
  server.on("request", onRequest);
  if (wholePosts !== undefined) {
    serveWholePosts(
      server,
      tls === undefined ? "connection" : "secureConnection",
      listener.connections,
      wholePosts,
    );
  }
  server.on("clientError", (error, socket) => unreadable(error, socket as Socket, listener));
  return listener;
}

function createServer(options: object, tls: TlsOptions | undefined, option: string): Server {
  if (tls === undefined) return createPlainServer(options);
  const secure = tlsServerOptions(tls, option);
  return withCertificates(option, () => createTlsServer({ ...options, ...secure }));
}

/** A peer left, sent what is not HTTP, or sent too slowly. */
function unreadable(error: NodeJS.ErrnoException, socket: Socket, { log }: Listener): void {
  const { code = "" } = error;
  // A connection that was opened in advance is idle, not late.
  if (code === "ERR_HTTP_REQUEST_TIMEOUT" && socket.bytesRead === 0) return;
  if (code.startsWith("HPE_") || code === "ERR_HTTP_REQUEST_TIMEOUT") {
    log.refused(reasons[code] ?? `not HTTP: ${error.message}`);
    const status = statuses[code] ?? "400 Bad Request";
    if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  }
  socket.destroy();
}

/** Answers with a reason as text. */
export function answer(response: ServerResponse, status: number, reason: string): void {
  const text = `${reason}\n`;
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(text),
  };
  response.writeHead(status, headers).end(text);
}
