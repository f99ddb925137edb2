import { connect, createServer, type Socket } from "node:net";

/** A way to a server that can be cut. */
export interface Link {
  /** Cuts every connection; new ones are taken. */
  cut(): void;
  close(): Promise<void>;
}

/** Forwards connections from one unix socket to another. */
export async function startLink(path: string, serverPath: string): Promise<Link> {
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(serverPath);
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
  await new Promise<void>((resolve) => proxy.listen(path, resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    cut,
    async close() {
      cut();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
