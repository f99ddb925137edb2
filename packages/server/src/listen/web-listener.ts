import type { ServerResponse } from "node:http";
import { isLoopback } from "@falco-outputs/core/address";
import { OptionError } from "@falco-outputs/core/options";
import type { requestHandler } from "../grpc/handler.js";
import type { Logger } from "../logger.js";
import { type Item, readAddress } from "./address.js";
import { createHttpListener, type HttpHandler } from "./http-server.js";
import type { Listener, ListenerState } from "./listener.js";
import type { TlsOptions } from "./pem.js";
import { type Refusal, WebGuard } from "./web-guard.js";

/** Where browsers are served: the Connect and gRPC-Web protocols over HTTP/1.1. */
export interface WebOptions {
  /** `host:port` (port 0 takes a free one). Other machines can reach any address but a loopback one: it needs a token. */
  address: string;
  /**
   * What a client must show as `authorization: Bearer TOKEN`, 16 to 1,024 visible ASCII characters. Default: none, and
   * any program on this machine can read the alerts.
   */
  token?: string;
  /** The origins of the pages that may subscribe, e.g. "https://dashboard.example". Default: none. */
  allowedOrigins?: readonly string[];
  /** The server's certificate and key. Clients show the token, and no certificate. */
  tls?: Omit<TlsOptions, "ca">;
  /** Allows an address that other machines can reach without TLS: anyone on the way can read alerts and token. */
  insecure?: boolean;
}

export interface WebListener {
  /** What clients take as their `baseUrl`. */
  readonly url: string;
  readonly state: ListenerState;
  /** Accepts no new connections, and resolves when the open ones have ended; after `graceMs` they are cut. */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves browsers on one address. What comes from a page of another origin than those allowed, under another name
 * than the server's, or without the token is refused before anything runs.
 * @throws OptionError; Error for an address that is not available.
 */
export async function listenWeb(
  { option, options }: Item<WebOptions>,
  handler: ReturnType<typeof requestHandler>,
  logger: Logger,
): Promise<WebListener> {
  const { tls, token, allowedOrigins = [] } = options;
  const address = checkedAddress(option, options);
  const guard = new WebGuard(option, address.host, token, allowedOrigins);
  // No client shows a certificate, whatever else the object has.
  const certificates = tls && { cert: tls.cert, key: tls.key };
  const listener = createHttpListener(
    { name: "web", option, address, permissions: {}, tls: certificates, logger },
    (listener) => ({ onRequest: guarded(guard, handler, listener) }),
  );
  await listener.open();
  return {
    url: `${tls === undefined ? "http" : "https"}://${listener.address}`,
    get state() {
      return listener.state;
    },
    close: (graceMs) => listener.close(graceMs),
  };
}

function guarded(
  guard: WebGuard,
  handler: ReturnType<typeof requestHandler>,
  { connections, log }: Listener,
): HttpHandler {
  return (request, response) => {
    const connection = connections.of(request.socket);
    connections.use(connection);
    const refusal = guard.check(request, response);
    if (refusal === undefined) {
      response.once("close", connections.hold(connection));
      return handler(request, response);
    }
    if (refusal.logged !== undefined) log.refused(refusal.logged, refusal.got);
    refuse(response, refusal);
  };
}

function checkedAddress(option: string, { address: text, token, tls, insecure = false }: WebOptions) {
  const address = readAddress(option, text, "host:port");
  const wrong = (expected: string) => new OptionError({ option: `${option}.address`, got: text, expected });
  if (address.kind !== "tcp") throw wrong("host:port");
  if (isLoopback(address.host)) return address;
  // Other machines can reach it.
  if (token === undefined) throw wrong(`a loopback address, or {${option}.token} with it`);
  if (tls === undefined && !insecure) {
    throw wrong(
      `a loopback address, or {${option}.tls.cert} and {${option}.tls.key} with it, or {${option}.insecure}: true`,
    );
  }
  return address;
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
