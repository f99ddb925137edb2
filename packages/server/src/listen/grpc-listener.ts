import * as http2 from "node:http2";
import type { Server } from "node:net";
import { OptionError } from "@falco-outputs/core/options";
import type { requestHandler } from "../grpc/handler.js";
import type { Logger } from "../logger.js";
import { type Item, readAddress } from "./address.js";
import { Listener } from "./listener.js";
import type { TlsOptions } from "./pem.js";
import type { SocketPermissions } from "./socket-permissions.js";
import { tlsServerOptions, withCertificates } from "./tls-server.js";

/** Where gRPC is served. */
export interface ListenOptions extends SocketPermissions {
  /** `unix:///path`, `unix:path`, a plain path, or `host:port` (port 0 takes a free one). */
  address: string;
  /** TCP: mutual TLS, the client's certificate required and verified. */
  tls?: Required<TlsOptions>;
  /** TCP: allows to serve without TLS to whoever can reach the port. */
  insecure?: boolean;
}

export interface GrpcListener {
  /** The address that clients take, with the port that was bound. */
  readonly address: string;
  /** Takes no new connections, and resolves when those that are there have ended; after `graceMs` they are cut. */
  close(graceMs: number): Promise<void>;
}

const serverOptions = {
  settings: { maxConcurrentStreams: 256, maxHeaderListSize: 16 * 1024 },
  // In MB. Each stream may have a slice on its way, which Node counts as the session's.
  maxSessionMemory: 256,
} satisfies http2.ServerOptions;
const protocols = ["h2"];

/**
 * Serves gRPC on one address.
 * @throws OptionError that says which option is wrong; Error for an address that cannot be had.
 */
export async function listenGrpc(
  { option, options }: Item<ListenOptions>,
  handler: ReturnType<typeof requestHandler>,
  logger: Logger,
): Promise<GrpcListener> {
  const address = readAddress(option, options.address);
  const server =
    address.kind === "tcp" ? createTcpServer(option, options) : http2.createServer(serverOptions);
  const listener = new Listener(server as Server, {
    name: "grpc",
    option,
    address,
    permissions: options,
    logger,
    protocols,
  });
  const sessions = knowSessions(server, listener);
  server.on("request", handler);
  server.on("unknownProtocol", (socket) => {
    // It offered no protocol at all (ALPN), as grpcio 0.4 does, on which client-rs is built.
    const session = http2.performServerHandshake(socket, serverOptions);
    session.on("stream", (...stream) => server.emit("stream", ...stream));
    session.on("error", (error) => server.emit("sessionError", error, session));
    server.emit("session", session);
  });
  await listener.open();
  return {
    address: listener.address,
    close(graceMs) {
      const closed = listener.close(graceMs);
      for (const session of sessions) session.close();
      return closed;
    },
  };
}

function knowSessions(
  server: http2.Http2Server | http2.Http2SecureServer,
  { connections, log }: Listener,
): ReadonlySet<http2.ServerHttp2Session> {
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on("session", (session) => {
    const connection = connections.newest;
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("stream", (stream) => stream.once("close", connections.hold(connection)));
  });
  server.on("sessionError", (error: NodeJS.ErrnoException) => {
    if (isDeparture(error)) log.connectionEnded(error.message);
    else log.connectionFailed(error.message);
  });
  return sessions;
}

/** nghttp2's NGHTTP2_ERR_PROTO. */
const protocolError = -505;

/**
 * A client that goes, politely or not. Node tells of the polite ones in words only. grpc-go says goodbye with a GOAWAY
 * that names one of its own streams, or 2^31-1, as the last that it has processed: RFC 9113 wants one of the server's
 * there (section 6.8), so that for nghttp2 the protocol is broken, and Node tells no more than that.
 */
function isDeparture({ code, errno, message }: NodeJS.ErrnoException): boolean {
  return (
    code === "ECONNRESET" ||
    code === "EPIPE" ||
    errno === protocolError ||
    /error code (?:0|8)$/.test(message)
  );
}

function createTcpServer(
  option: string,
  { address, tls, insecure = false }: ListenOptions,
): http2.Http2Server | http2.Http2SecureServer {
  // JavaScript may leave `ca` out: whoever shows no certificate would be let in.
  if (tls?.ca === undefined) {
    if (tls === undefined && insecure) return http2.createServer(serverOptions);
    throw new OptionError({
      option: `${option}.address`,
      got: address,
      expected: `{${option}.tls.ca}, {${option}.tls.cert} and {${option}.tls.key} (mutual TLS) with it, or {${option}.insecure}: true, or a unix socket`,
    });
  }
  const secure = tlsServerOptions(tls, `${option}.tls`);
  return withCertificates(`${option}.tls`, () =>
    http2.createSecureServer({ ...serverOptions, ...secure, ALPNProtocols: protocols }),
  );
}
