import type { Server } from "node:net";
import { formatAddress } from "@falco-outputs/core";

/** Listens on a TCP port; 0 takes a free one. Gives the address with the port that it got. */
export async function listenTcp(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new Error(`cannot listen on ${formatAddress({ kind: "tcp", host, port })}: ${cause.message}`, {
          cause,
        }),
      );
    });
    server.listen({ host, port }, resolve);
  });
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("a TCP server without a port");
  return formatAddress({ kind: "tcp", host, port: bound.port });
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
