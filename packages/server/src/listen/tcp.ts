import type { Server } from "node:net";
import { formatAddress } from "@falco-outputs/core/transport";

/** Listens on a TCP port; 0 takes a free one. Returns the address with the actual port. */
export async function listenTcp(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(
        new Error(`cannot listen on ${formatAddress({ kind: "tcp", host, port })}: ${cause.message}`, {
          cause,
        }),
      );
    server.once("error", fail);
    server.listen({ host, port }, () => {
      server.off("error", fail);
      resolve();
    });
  });
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("a TCP server without a port");
  return formatAddress({ kind: "tcp", host, port: bound.port });
}
