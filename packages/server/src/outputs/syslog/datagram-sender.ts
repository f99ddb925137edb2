import { createRequire } from "node:module";
import type { DgramSocket } from "node-unix-socket";

/** Sends datagrams to a unix socket, which Node itself cannot do. */
export class DatagramSender {
  readonly #path: string;
  readonly #Socket: typeof DgramSocket;
  #socket: DgramSocket | undefined;

  /** @throws Error if the package that can is missing. */
  constructor(path: string) {
    this.#path = path;
    this.#Socket = loadSocket();
  }

  /**
   * Whether the receiver has the datagram now; false if it has no room for more.
   * @throws Error, with the text of its errno as message.
   */
  send(datagram: Buffer): boolean {
    this.#socket ??= this.#open();
    let result: { error: Error | undefined } | undefined;
    this.#socket.sendTo(datagram, 0, datagram.length, this.#path, (error) => {
      result = { error };
    });
    if (result === undefined) {
      // The package keeps a datagram that does not fit, and retries in a tight loop. Closing the socket discards it.
      this.close();
      return false;
    }
    if (result.error !== undefined) throw result.error;
    return true;
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  #open(): DgramSocket {
    const socket = new this.#Socket();
    // It closes itself then. The next datagram gets a new socket.
    socket.on("error", () => {
      this.#socket = undefined;
    });
    return socket;
  }
}

/** Loads the package only where it is needed: it is optional, and native. */
function loadSocket(): typeof DgramSocket {
  try {
    // Bundlers to CommonJS leave import.meta empty; there __filename is known.
    return createRequire(import.meta.url ?? __filename)("node-unix-socket").DgramSocket;
  } catch (cause) {
    throw new Error("the package node-unix-socket cannot be loaded (npm install node-unix-socket@0.2.7)", {
      cause,
    });
  }
}
