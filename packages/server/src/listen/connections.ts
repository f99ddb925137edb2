import type { Server, Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** One connection of a listener. */
export interface Connection {
  /** What came in; beneath TLS, where there is TLS. */
  readonly socket: Socket;
  /** Whether its TLS handshake has not succeeded yet. */
  inHandshake: boolean;
  /** Unfinished answers, which may take forever. While there is one, the connection is in use. */
  streams: number;
  /** When it was last used, in sweeps. */
  usedAt: number;
  /** Whether it ends at the end if it is unused; of others the server's protocol knows when they may end. */
  endsUnused: boolean;
}

export interface ConnectionsOptions {
  /** How many there may be. */
  max: number;
  /** How long one may be idle, in milliseconds. Undefined: forever. */
  idleMs?: number | undefined;
  isTls: boolean;
  /** Called when one was closed to make room for a newer one. */
  onCrowded(): void;
}

/** How often TCP asks whether the peer of a quiet connection is still there, in milliseconds. */
const probeMs = 30_000;
/** How exactly `idleMs` is kept: to a twentieth. */
const sweeps = 20;

/** Ends a TLS handshake without logging it: this server itself ended it. */
export class HandshakeCut extends Error {}

/**
 * Every connection of a server, from its first byte on, also in a TLS handshake. When there are too many, the one that
 * has been idle the longest is closed, never the newest as such: no peer can keep others out by holding connections.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  /** The least recently used first. */
  readonly #all = new Set<Connection>();
  /** By the socket that the server's protocol sees. */
  readonly #bySocket = new WeakMap<Socket, Connection>();
  /** Those in a handshake, by their peer: the socket on top of TLS is another one. */
  readonly #inHandshake = new Map<string, Connection>();
  #newest: Connection | undefined;
  #sweep = 0;
  #timer: NodeJS.Timeout | undefined;
  #isEnding = false;
  #lostInHandshake: string | undefined;
  readonly #untilLost: ((peer: string) => void)[] = [];

  constructor(server: Server, options: ConnectionsOptions) {
    this.#options = options;
    server.prependListener("connection", (socket: Socket) => this.#add(socket));
    server.prependListener("secureConnection", (socket: TLSSocket) => this.#secured(socket));
    if (options.idleMs === undefined) return;
    this.#timer = setInterval(() => this.#closeIdle(), options.idleMs / sweeps);
    this.#timer.unref();
  }

  /** The connection that was opened last: an event that a server emits while it opens one is about this one. */
  get newest(): Connection {
    return this.#newest!;
  }

  of(socket: Socket): Connection {
    return this.#bySocket.get(socket)!;
  }

  /** The peer of the connection that was lost last in its handshake. */
  get lostInHandshake(): string | undefined {
    return this.#lostInHandshake;
  }

  /** Calls `tell` with the peer of the next connection that is lost in its handshake. */
  onceLostInHandshake(tell: (peer: string) => void): void {
    this.#untilLost.push(tell);
  }

  use(connection: Connection): void {
    connection.usedAt = this.#sweep;
    // A closed connection does not come back.
    if (this.#all.delete(connection)) this.#all.add(connection);
  }

  /** Keeps the connection until the returned function is called. */
  hold(connection: Connection): () => void {
    connection.streams++;
    return () => {
      connection.streams--;
      this.use(connection);
      // It would be kept for another request.
      if (this.#isEnding && connection.streams === 0) setImmediate(() => cut(connection));
    };
  }

  /** Accepts no more: closes those over which no request has begun, and the others once nothing holds them. */
  end(): void {
    this.#isEnding = true;
    clearInterval(this.#timer);
    for (const connection of this.#all) {
      const { inHandshake, socket, endsUnused, streams } = connection;
      if (inHandshake || socket.bytesRead === 0 || (endsUnused && streams === 0)) cut(connection);
    }
  }

  closeAll(): void {
    for (const connection of this.#all) cut(connection);
  }

  #add(socket: Socket): void {
    const { isTls, max } = this.#options;
    const connection = this.#connection(socket, isTls);
    this.#all.add(connection);
    const peer = peerOf(socket);
    if (isTls) this.#inHandshake.set(peer, connection);
    else this.#opened(socket, connection);
    socket.setKeepAlive(true, probeMs);
    socket.once("close", () => {
      this.#all.delete(connection);
      if (!connection.inHandshake) return;
      this.#inHandshake.delete(peer);
      const lost = socket.remoteAddress ?? peer;
      this.#lostInHandshake = lost;
      for (const tell of this.#untilLost.splice(0)) tell(lost);
    });
    // Once what has arrived by now is read: a connection with a request in it is not the one to close.
    if (this.#all.size > max) setImmediate(() => this.#makeRoom());
  }

  #secured(socket: TLSSocket): void {
    const peer = peerOf(socket);
    const connection = this.#inHandshake.get(peer);
    this.#inHandshake.delete(peer);
    if (connection !== undefined) connection.inHandshake = false;
    // Of a peer that is gone already the system does not know the address.
    this.#opened(socket, connection ?? this.#connection(socket, false));
  }

  #connection(socket: Socket, inHandshake: boolean): Connection {
    return { socket, inHandshake, streams: 0, usedAt: this.#sweep, endsUnused: false };
  }

  #opened(socket: Socket, connection: Connection): void {
    this.#bySocket.set(socket, connection);
    this.#newest = connection;
  }

  #makeRoom(): void {
    if (this.#all.size <= this.#options.max) return;
    for (const connection of this.#all) {
      if (connection.streams > 0) continue;
      this.#options.onCrowded();
      cut(connection);
      return;
    }
  }

  #closeIdle(): void {
    this.#sweep++;
    const idle: Connection[] = [];
    for (const connection of this.#all) {
      if (this.#sweep - connection.usedAt <= sweeps) break;
      if (connection.streams === 0) idle.push(connection);
    }
    // Data that arrived in time counts: it is read before an immediate runs.
    setImmediate(() => {
      for (const connection of idle) if (this.#sweep - connection.usedAt > sweeps) cut(connection);
    });
  }
}

function cut({ socket, inHandshake }: Connection): void {
  socket.destroy(inHandshake ? new HandshakeCut() : undefined);
}

/** Tells the peers of one listening socket apart; they are all the same on a unix socket, which has no TLS. */
function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress}:${remotePort} ${localAddress}`;
}
