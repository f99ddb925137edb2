import type { ClientSessionOptions, SecureClientSessionOptions } from "node:http2";
import { connect as connectTcp, isIP, Socket } from "node:net";
import {
  checkServerIdentity,
  connect as connectTls,
  type PeerCertificate,
  type SecureContextOptions,
} from "node:tls";
import { OptionError } from "@falco-outputs/core";
import { type Address, formatAddress } from "@falco-outputs/core/transport";
import { secureContextOptions, type TlsOptions } from "./tls.js";

/** How HTTP/2 reaches a server. */
export interface Connection {
  /** What Connect takes for the server's URL; on a unix socket the host is a mere placeholder. */
  baseUrl: string;
  sessionOptions: ClientSessionOptions | SecureClientSessionOptions;
}

/** What one stream may have on its way, in bytes. */
const streamWindowBytes = 1024 * 1024;

/** @throws OptionError if the address needs other options, or its host cannot be one. */
export function connectionTo(
  address: Address,
  { tls, insecure, connectTimeoutMs }: { tls?: TlsOptions; insecure?: boolean; connectTimeoutMs: number },
): Connection {
  const settings = { initialWindowSize: streamWindowBytes };
  if (address.kind === "unix") {
    if (tls !== undefined)
      throw invalid(formatAddress(address), "host:port where {tls.ca}, {tls.cert} and {tls.key} are given");
    return {
      baseUrl: "http://localhost",
      sessionOptions: {
        settings,
        createConnection: () => answering(connectTimeoutMs, connectTcp(address.path)),
      },
    };
  }
  const { host, port } = address;
  // A URL has no place for an IPv6 address's zone.
  const authority = formatAddress({ ...address, host: host.replace(/%.*/, "") });
  if (!URL.canParse(`http://${authority}`))
    throw invalid(formatAddress(address), "the name of a host, or its IP address");
  if (tls === undefined) {
    if (insecure !== true) {
      throw invalid(
        formatAddress(address),
        "it with {tls.ca}, {tls.cert} and {tls.key} (mutual TLS), or with {insecure}: true",
      );
    }
    return {
      baseUrl: `http://${authority}`,
      sessionOptions: {
        settings,
        createConnection: () => answering(connectTimeoutMs, connectTcp({ host, port })),
      },
    };
  }
  // What is wrong now is told now.
  secureContextOptions(tls);
  const name = tls.serverName ?? host;
  const identity = {
    // TLS names a server by its DNS name only, Node checks the certificate against that name or else the host.
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(name, certificate),
  };
  return {
    baseUrl: `https://${authority}`,
    sessionOptions: {
      settings,
      createConnection: () => {
        let secure: SecureContextOptions;
        try {
          secure = secureContextOptions(tls);
        } catch (error) {
          // They may be being exchanged just now.
          return new Socket().destroy(failure(unusable, (error as Error).message));
        }
        const options = { ...secure, ...identity, host, port, ALPNProtocols: ["h2"] };
        return answering(connectTimeoutMs, connectTls(options));
      },
    },
  };
}

/** The code of the error when the certificates cannot be used any more. */
export const unusable = "FALCO_UNUSABLE_TLS";
/** The code of the error when the other side closed a connection without a word. */
export const unanswered = "FALCO_UNANSWERED";

/**
 * A socket that fails when the other side says nothing in time, or closes before it did. (In HTTP/2 the server speaks
 * unasked.) Without this, Node would report a mere end, and wait for ever for one that accepts and stays mute.
 */
function answering<S extends Socket>(timeoutMs: number, socket: S): S {
  const timer = setTimeout(() => {
    if (socket.bytesRead === 0) socket.destroy(failure("ETIMEDOUT", `no answer within ${timeoutMs} ms`));
  }, timeoutMs).unref();
  socket.once("close", () => clearTimeout(timer));
  socket.once("end", () => {
    if (socket.bytesRead === 0) socket.destroy(failure(unanswered, "closed without an answer"));
  });
  socket.once("error", (error: NodeJS.ErrnoException) => {
    const lost = error.code === "ECONNRESET" || error.code === "EPIPE";
    if (lost && socket.bytesRead === 0) error.code = unanswered;
  });
  return socket;
}

function failure(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}

function invalid(got: string, expected: string): OptionError {
  return new OptionError({ option: "address", got, expected });
}
