import { once } from "node:events";
import type { AddressInfo, ListenOptions, Server } from "node:net";

/** Binds a server; returns its port, or 0 if it has none. */
export async function bind(server: Server, options: ListenOptions): Promise<number> {
  server.listen(options);
  await once(server, "listening");
  const address = server.address() as AddressInfo | string;
  return typeof address === "string" ? 0 : address.port;
}
