import type { Server } from "node:net";
import { type TLSSocket, Server as TlsServer } from "node:tls";
import { type Address, formatAddress } from "@falco-outputs/core/transport";
import type { Logger } from "../logger.js";
import { Connections, HandshakeCut } from "./connections.js";
import { ListenerLog } from "./listener-log.js";
import { expiryOf, type Pem } from "./pem.js";
import { readPermissions, type SocketPermissions } from "./socket-permissions.js";
import { listenTcp } from "./tcp.js";
import { listenUnix } from "./unix-socket.js";

/** What is served somewhere. */
export type ListenerKind = "grpc" | "web" | "http" | "operations";

/** How a listener is. */
export interface ListenerState {
  readonly kind: ListenerKind;
  /** Where it listens: `host:port` or `unix:///path`. */
  readonly address: string;
  /** Whether it accepts connections. */
  readonly isListening: boolean;
  /** When its certificate expires; undefined without TLS. */
  readonly certificateExpiresAt: Date | undefined;
}

export interface ListenerOptions {
  /** What is served there, for the log. */
  readonly name: ListenerKind;
  /** What the options are called that say where to listen, e.g. `listen[0]`. */
  readonly option: string;
  readonly address: Address;
  readonly permissions: SocketPermissions;
  readonly logger: Logger;
  /** How long a connection may be idle, in milliseconds. Default: forever. */
  readonly idleMs?: number;
  /** Default: 1,024. */
  readonly maxConnections?: number;
  /** What the server takes over TLS (ALPN), for the log. */
  readonly protocols?: readonly string[];
  /** The certificate that it shows. */
  readonly certificate?: Pem | undefined;
}

const defaultMaxConnections = 1024;

/**
 * A server that listens, whatever it speaks: what the listeners for gRPC, for browsers and for posts share.
 */
export class Listener {
  readonly connections: Connections;
  readonly log: ListenerLog;
  readonly #server: Server;
  readonly #options: ListenerOptions;
  readonly #certificateExpiresAt: Date | undefined;
  #bound: string;

  /** Knows every connection of the server from here on. It listens once `open` was called. */
  constructor(server: Server, options: ListenerOptions) {
    const { name, option, address, logger, idleMs, maxConnections = defaultMaxConnections } = options;
    const { protocols, certificate } = options;
    this.#server = server;
    this.#options = options;
    this.#bound = formatAddress(address);
    this.#certificateExpiresAt =
      certificate === undefined ? undefined : expiryOf(certificate, `${option}.tls.cert`);
    this.log = new ListenerLog(() => `${name} ${this.#bound}`, logger);
    this.connections = new Connections(server, {
      max: maxConnections,
      idleMs,
      isTls: server instanceof TlsServer,
      onCrowded: () => this.log.crowded(),
    });
    server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      if (error instanceof HandshakeCut) return;
      const tell = (peer: string | undefined) => this.log.handshakeFailed(error, socket, peer, protocols);
      // The system no longer tells the address of a peer that is gone.
      if (socket.remoteAddress !== undefined) tell(socket.remoteAddress);
      else if (error.code === "ECONNRESET") tell(this.connections.lostInHandshake);
      else this.connections.onceLostInHandshake(tell);
    });
  }

  /** Where it listens, with its actual port. */
  get address(): string {
    return this.#bound;
  }

  get state(): ListenerState {
    return {
      kind: this.#options.name,
      address: this.#bound,
      isListening: this.#server.listening,
      certificateExpiresAt: this.#certificateExpiresAt,
    };
  }

  /** @throws OptionError for what cannot work; Error for an address that is not available. Nothing listens then. */
  async open(): Promise<void> {
    const { address, option } = this.#options;
    try {
      if (address.kind === "tcp") {
        this.#bound = await listenTcp(this.#server, address.host, address.port);
      } else {
        const permissions = readPermissions(option, this.#options.permissions);
        await listenUnix(this.#server, { path: address.path, permissions, option });
      }
    } catch (error) {
      this.connections.end();
      throw error;
    }
    this.#server.on("error", (error) => this.log.listenerFailed(error.message));
  }

  /**
   * Accepts no new connections, and resolves when the open ones have ended.
   * @param graceMs How long that may take before they are cut, in milliseconds.
   */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.connections.end();
    const cut = setTimeout(() => this.connections.closeAll(), graceMs);
    await closed;
    clearTimeout(cut);
    this.log.close();
  }
}
