import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { parseAddress } from "@falco-outputs/core/transport";
import { onTestFinished } from "vitest";
import { scratchFolder } from "./test-server.js";

/** What a network can do to the connections between a client and a server. */
export interface Proxy {
  readonly address: string;
  /** How many connections it has taken. */
  readonly taken: number;
  /** Ends new connections at once. */
  refusing: boolean;
  /** Ends the connections that there are; new ones are let through. */
  cut(): void;
  /** Passes nothing on any more, and closes nothing, on the connections that there are; new ones are let through. */
  silence(): void;
}

/** A proxy in front of a unix socket, which ends with the test. */
export async function proxyTo(serverAddress: string): Promise<Proxy> {
  const target = parseAddress(serverAddress);
  if (target.kind !== "unix") throw new Error(`${serverAddress}, expected a unix socket`);
  const all = new Set<Socket>();
  let taken = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    taken++;
    if (proxy.refusing) {
      socket.destroy();
      return;
    }
    const upstream = connect({ path: target.path, allowHalfOpen: true });
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      all.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        all.delete(one);
        // A silent connection stays as it is on the one side, whatever the other side does.
        if (!one.isPaused()) other.destroy();
      });
    }
  });
  const path = join(scratchFolder(), "proxy.sock");
  await once(server.listen(path), "listening");
  const cut = () => {
    for (const socket of all) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const proxy: Proxy = {
    address: path,
    refusing: false,
    get taken() {
      return taken;
    },
    cut,
    silence() {
      for (const socket of all) socket.unpipe().pause();
    },
  };
  return proxy;
}
