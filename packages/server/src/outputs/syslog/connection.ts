import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { connectionError } from "../connection-error.js";

/**
 * With TLS 1.3, a client has finished the handshake before the server has verified its certificate. The server's first
 * session ticket shows that it has; from a server that does not send one, a refusal is awaited for this long.
 */
const settleMs = 250;
const keepAliveMs = 30_000;
const ended = "the receiver ended the connection";
/** How long a receiver may take to end the connection as well. */
const graceMs = 250;

/** A stream to a receiver: opened when it is written to, and again after it ended. */
export class Connection {
  readonly #where: string;
  readonly #connect: () => Socket;
  #socket: Socket | undefined;

  /**
   * @param where The receiver, for errors.
   * @param connect Opens a connection; called for each new one.
   */
  constructor(where: string, connect: () => Socket) {
    this.#where = where;
    this.#connect = connect;
  }

  /**
   * Resolves when the system has taken the bytes. After an error, the next write opens a new connection.
   * @throws Error with the receiver, and what went wrong.
   */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    // Lets the event loop notice first whether the receiver has ended the connection: TCP would still accept the bytes.
    await new Promise(setImmediate);
    const onAbort = () => this.drop();
    signal.addEventListener("abort", onAbort);
    try {
      signal.throwIfAborted();
      this.#socket ??= await this.#open(signal);
      await writeAll(this.#socket, bytes);
    } catch (error) {
      this.drop();
      throw connectionError(this.#where, signal.aborted ? signal.reason : error);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Ends it after what was written; over TLS with a close_notify. */
  async end(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    await new Promise((resolve) => {
      const timer = setTimeout(() => socket.destroy(), graceMs);
      socket.once("close", () => resolve(clearTimeout(timer)));
      socket.end();
    });
  }

  drop(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #open(signal: AbortSignal): Promise<Socket> {
    const socket = this.#connect();
    const forget = () => {
      if (this.#socket === socket) this.#socket = undefined;
    };
    // What a receiver sends does not matter, but that it hangs up does.
    socket.resume();
    socket.on("end", () => socket.destroy());
    socket.on("close", forget);
    const onAbort = () => socket.destroy(signal.reason as Error);
    signal.addEventListener("abort", onAbort);
    try {
      await ready(socket);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    socket.setNoDelay(true).setKeepAlive(true, keepAliveMs);
    return socket;
  }
}

function ready(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    socket.on("error", (error) => {
      failure = error;
    });
    socket.on("close", () => reject(failure ?? new Error(ended)));
    if (!(socket instanceof TLSSocket)) {
      socket.once("connect", resolve);
      return;
    }
    socket.once("secureConnect", () => {
      if (socket.getProtocol() !== "TLSv1.3") return resolve();
      const timer = setTimeout(resolve, settleMs);
      socket.once("session", () => {
        clearTimeout(timer);
        // OpenSSL is running below this event, and what is written now would stay there until the next write.
        setImmediate(resolve);
      });
      socket.once("close", () => clearTimeout(timer));
    });
  });
}

function writeAll(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => {
      if (error != null) reject(error);
      // Node calls back without an error for writes that were pending when a socket was destroyed.
      else if (socket.destroyed) reject(new Error(ended));
      else resolve();
    });
  });
}
