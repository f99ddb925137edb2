import type { ClientSessionOptions, SecureClientSessionOptions } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Address, Code, FalcoError } from "@falco-outputs/core";
import { secureContextOptions, type TlsOptions } from "./tls.js";

/** How HTTP/2 reaches a server. */
export interface Connection {
  /** What Connect takes for the server's URL; on a unix socket the host is a mere placeholder. */
  baseUrl: string;
  sessionOptions: ClientSessionOptions | SecureClientSessionOptions;
}

/** What one stream may have on its way, in bytes. */
const streamWindowBytes = 1024 * 1024;

/** @throws FalcoError with InvalidArgument if the address needs other options. */
export function connectionTo(
  address: Address,
  { tls, insecure, connectTimeoutMs }: { tls?: TlsOptions; insecure?: boolean; connectTimeoutMs: number },
): Connection {
  const settings = { initialWindowSize: streamWindowBytes };
  if (address.kind === "unix") {
    if (tls !== undefined) throw invalid(`address: ${address.path} is a unix socket, where tls has no use`);
    return {
      baseUrl: "http://localhost",
      sessionOptions: {
        settings,
        createConnection: () => within(connectTimeoutMs, connectTcp(address.path)),
      },
    };
  }
  const { host, port } = address;
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (tls === undefined) {
    if (insecure !== true)
      throw invalid(`address: ${authority} needs tls (ca, cert and key), or insecure: true`);
    return {
      baseUrl: `http://${authority}`,
      sessionOptions: {
        settings,
        createConnection: () => within(connectTimeoutMs, connectTcp({ host, port })),
      },
    };
  }
  const secure = secureContextOptions(tls);
  const servername = tls.serverName ?? host;
  return {
    baseUrl: `https://${authority}`,
    sessionOptions: {
      settings,
      createConnection: () => {
        const options = { ...secure, host, port, servername, ALPNProtocols: ["h2"] };
        return within(connectTimeoutMs, connectTls(options), "secureConnect");
      },
    },
  };
}

/** A socket that fails when it is not connected in time. */
function within<S extends Socket>(timeoutMs: number, socket: S, event = "connect"): S {
  const timer = setTimeout(() => {
    socket.destroy(Object.assign(new Error(`not connected within ${timeoutMs} ms`), { code: "ETIMEDOUT" }));
  }, timeoutMs);
  const stop = () => clearTimeout(timer);
  socket.once(event, stop);
  socket.once("close", stop);
  return socket;
}

function invalid(message: string): FalcoError {
  return new FalcoError(message, Code.InvalidArgument);
}
