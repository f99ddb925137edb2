import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server that can be cut. */
export interface Link {
  /** What clients take instead of the server's: of the same kind. */
  readonly address: string;
  /** Cuts every connection; new ones are taken. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * Forwards connections to a server's unix socket from another one, and those to its URL from a free port.
 * @param path Of the socket that it listens on, if it is one.
 */
export async function startLink(serverAddress: string, path: string): Promise<Link> {
  const url = serverAddress.startsWith("http:") ? new URL(serverAddress) : undefined;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server =
      url === undefined
        ? connect(serverAddress.replace(/^unix:\/\//, ""))
        : connect(Number(url.port), url.hostname);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => undefined); // "close" follows
      one.once("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => {
    if (url === undefined) proxy.listen(path, resolve);
    else proxy.listen(0, url.hostname, resolve);
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address:
      url === undefined
        ? `unix://${path}`
        : `http://${url.hostname}:${(proxy.address() as AddressInfo).port}`,
    cut,
    async close() {
      cut();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
