import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server that can be disturbed. */
export interface Link {
  /** What clients take instead of the server's: of the same kind. */
  readonly address: string;
  /** Cuts every connection; new ones are taken. */
  cut(): void;
  /** Nothing passes any more on the connections that there are, which stay open. New ones are not affected. */
  die(): void;
  /** The same, and new ones are taken, but nothing passes on them either. */
  freeze(): void;
  /** New connections pass again, and those that were frozen are cut. */
  thaw(): void;
  close(): Promise<void>;
}

/**
 * Forwards connections to a server's unix socket from another one, and those to its URL from a free port.
 * @param path Of the socket that it listens on, if it is one.
 */
export async function startLink(serverAddress: string, path: string): Promise<Link> {
  const url = serverAddress.startsWith("http:") ? new URL(serverAddress) : undefined;
  const toServer = () =>
    url === undefined
      ? connect(serverAddress.replace(/^unix:\/\//, ""))
      : connect(Number(url.port), url.hostname);
  const connections = new Set<Connection>();
  let isFrozen = false;
  const proxy = createServer((client) => {
    const connection = new Connection(client, toServer(), () => connections.delete(connection));
    connections.add(connection);
    if (isFrozen) connection.die();
  });
  await new Promise<void>((resolve) => {
    if (url === undefined) proxy.listen(path, resolve);
    else proxy.listen(0, url.hostname, resolve);
  });
  const die = () => {
    for (const connection of connections) connection.die();
  };
  const cut = () => {
    for (const connection of connections) connection.cut();
  };
  return {
    address:
      url === undefined
        ? `unix://${path}`
        : `http://${url.hostname}:${(proxy.address() as AddressInfo).port}`,
    cut,
    die,
    freeze() {
      isFrozen = true;
      die();
    },
    thaw() {
      isFrozen = false;
      for (const connection of connections) if (connection.isDead) connection.cut();
    },
    async close() {
      cut();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

class Connection {
  readonly #ends: readonly [Socket, Socket];
  isDead = false;

  constructor(client: Socket, server: Socket, onClosed: () => void) {
    this.#ends = [client, server];
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.pipe(other);
      one.on("error", () => undefined); // "close" follows
      one.once("close", () => {
        onClosed();
        other.destroy();
      });
    }
  }

  cut(): void {
    for (const socket of this.#ends) socket.destroy();
  }

  /** What comes is thrown away from now on; an end that is closed still closes the other. */
  die(): void {
    this.isDead = true;
    for (const socket of this.#ends) socket.unpipe().resume();
  }
}
