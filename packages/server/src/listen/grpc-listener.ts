import * as http2 from "node:http2";
import type { Socket } from "node:net";
import { formatAddress, parseAddress } from "@falco-outputs/core";
import type { requestHandler } from "../grpc/handler.js";
import { invalidOption } from "../invalid-option.js";
import type { Logger } from "../logger.js";
import type { TlsOptions } from "./pem.js";
import { logHandshakes, tlsServerOptions, withCertificates } from "./server-tls.js";
import { listenTcp } from "./tcp.js";
import { listenUnix } from "./unix-socket.js";

/** Where gRPC is served. */
export interface ListenOptions {
  /** `unix:///path`, `unix:path`, a plain path, or `host:port` (port 0 takes a free one). */
  address: string;
  /** Unix socket: its permissions. Default: 0o600. */
  mode?: number;
  /** Unix socket: the group that owns it, by name or number. */
  group?: string | number;
  /** TCP: mutual TLS, the client's certificate required and verified. */
  tls?: TlsOptions;
  /** TCP: allows to serve without TLS to whoever can reach the port. */
  insecure?: boolean;
}

export interface GrpcListener {
  /** The address that clients take, with the port that was bound. */
  readonly address: string;
  /** Takes no new connections, and resolves when those that are there have ended; after `graceMs` they are cut. */
  close(graceMs: number): Promise<void>;
}

const maxConnections = 1024;
const serverOptions = {
  settings: { maxConcurrentStreams: 256, maxHeaderListSize: 16 * 1024 },
  // In MB. Each stream may have a slice on its way, which Node counts as the session's.
  maxSessionMemory: 256,
} satisfies http2.ServerOptions;
const keepAliveMs = 30_000;

/**
 * Serves gRPC on one address.
 * @throws FalcoError with InvalidArgument that says which option is wrong; Error for an address that cannot be had.
 */
export async function listenGrpc(
  options: ListenOptions,
  handler: ReturnType<typeof requestHandler>,
  logger: Logger,
): Promise<GrpcListener> {
  const address = parseAddress(options.address);
  const server = address.kind === "tcp" ? createTcpServer(options) : http2.createServer(serverOptions);
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.on("request", handler);
  server.on("sessionError", (error: NodeJS.ErrnoException) => {
    if (!isDeparture(error)) logger.warn({ reason: error.message }, "a connection failed");
  });
  server.on("tlsClientError", logHandshakes(logger));
  server.maxConnections = maxConnections;

  let bound: string;
  if (address.kind === "unix") {
    await listenUnix(server, { path: address.path, ...pick(options) });
    bound = formatAddress(address);
  } else {
    server.on("connection", (socket: Socket) => socket.setKeepAlive(true, keepAliveMs));
    bound = await listenTcp(server, address.host, address.port);
  }
  server.on("error", (error) => logger.error({ address: bound, reason: error.message }, "a listener failed"));
  return {
    address: bound,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.close();
      const cut = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, graceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

/** A client that goes, politely or not. Node tells of the polite ones in words only. */
function isDeparture({ code, message }: NodeJS.ErrnoException): boolean {
  return code === "ECONNRESET" || code === "EPIPE" || /error code (?:0|8)$/.test(message);
}

function createTcpServer({
  address,
  tls,
  insecure,
}: ListenOptions): http2.Http2Server | http2.Http2SecureServer {
  // From JavaScript, it may come without: whoever shows no certificate would be let in.
  if (tls?.ca === undefined) {
    if (tls === undefined && insecure === true) return http2.createServer(serverOptions);
    throw invalidOption(
      `listen: ${JSON.stringify(address)} needs tls with ca, cert and key (mutual TLS), or insecure: true`,
    );
  }
  const secure = tlsServerOptions(tls, "listen.tls");
  return withCertificates("listen.tls", () =>
    http2.createSecureServer({ ...serverOptions, ...secure, ALPNProtocols: ["h2"] }),
  );
}

function pick({ mode, group }: ListenOptions) {
  return { ...(mode !== undefined && { mode }), ...(group !== undefined && { group }) };
}
