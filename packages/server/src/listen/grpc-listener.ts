import * as http2 from "node:http2";
import type { Server } from "node:net";
import { OptionError } from "@falco-outputs/core/options";
import type { Address } from "@falco-outputs/core/transport";
import type { Entrance } from "../admin/admission.js";
import type { requestHandler } from "../grpc/handler.js";
import type { Logger } from "../logger.js";
import { type Item, readAddress } from "./address.js";
import { Listener, type ListenerState } from "./listener.js";
import type { TlsOptions } from "./pem.js";
import type { SocketPermissions } from "./socket-permissions.js";
import { tlsServerOptions, withCertificates } from "./tls-server.js";

/** Where gRPC is served. */
export interface ListenOptions extends SocketPermissions {
  /** `unix:///path`, `unix:path`, a plain path, or `host:port` (port 0 takes a free one). */
  address: string;
  /** TCP: mutual TLS, the client's certificate required and verified. */
  tls?: Required<TlsOptions>;
  /** TCP: allows serving without TLS, to anyone who can reach the port. */
  insecure?: boolean;
}

export interface GrpcListener {
  /** The address for clients, with the actual port. */
  readonly address: string;
  readonly state: ListenerState;
  /** Accepts no new connections, and resolves when the open ones have ended; after `graceMs` they are cut. */
  close(graceMs: number): Promise<void>;
}

const serverOptions = {
  settings: { maxConcurrentStreams: 256, maxHeaderListSize: 16 * 1024 },
  // In MB. Each stream may have a slice in flight, which Node attributes to the session.
  maxSessionMemory: 256,
} satisfies http2.ServerOptions;
const protocols = ["h2"];

/**
 * Serves gRPC on one address.
 * @throws OptionError; Error for an address that is not available.
 */
export async function listenGrpc(
  { option, options }: Item<ListenOptions>,
  handlerFor: (entrance: Entrance) => ReturnType<typeof requestHandler>,
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
    certificate: options.tls?.cert,
  });
  const sessions = knowSessions(server, listener);
  server.on("request", handlerFor(entranceOf(address, options)));
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
    get state() {
      return listener.state;
    },
    close(graceMs) {
      const closed = listener.close(graceMs);
      for (const session of sessions) session.close();
      return closed;
    },
  };
}

function entranceOf({ kind }: Address, { tls }: ListenOptions): Entrance {
  if (kind === "unix") return "unix socket";
  return tls === undefined ? "plain TCP" : "mutual TLS";
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
 * A client that leaves, properly or not. Node reports the proper ones only in the error's text. grpc-go leaves with a
 * GOAWAY that names one of its own streams, or 2^31-1, as the last one processed; RFC 9113 requires one of the server's
 * (section 6.8), so nghttp2 sees a protocol error, and Node reports only that.
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
  // Plain JavaScript may leave `ca` out, and clients without a certificate would be let in.
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
