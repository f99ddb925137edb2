import type { SecureContextOptions, TLSSocket, TlsOptions } from "node:tls";
import { invalidOption } from "../invalid-option.js";
import type { Logger } from "../logger.js";
import { type Pem, readPem } from "./pem.js";

/** The server's certificate and key; with `ca`, clients have to show a certificate that those authorities signed. */
export interface ServerTls {
  ca?: Pem;
  cert: Pem;
  key: Pem;
}

/** How long a handshake may take, in milliseconds. */
const handshakeTimeout = 10_000;

/**
 * What Node takes for a server that speaks TLS 1.2 or later.
 * @param option The option that holds them, for the error.
 * @throws FalcoError with InvalidArgument if there is none, or a file cannot be read.
 */
export function tlsServerOptions(
  { ca, cert, key }: ServerTls,
  option: string,
): SecureContextOptions & TlsOptions {
  // From JavaScript, one may come without: Node would listen, and fail at every handshake.
  for (const [name, pem] of [["cert", cert] as const, ["key", key] as const]) {
    if (pem === undefined) throw invalidOption(`${option}.${name}: expected PEM, or the path of a file`);
  }
  return {
    ...(ca !== undefined && { ca: readPem(ca, `${option}.ca`), requestCert: true, rejectUnauthorized: true }),
    cert: readPem(cert, `${option}.cert`),
    key: readPem(key, `${option}.key`),
    minVersion: "TLSv1.2",
    handshakeTimeout,
  };
}

/**
 * Calls Node, which reads the certificates.
 * @param option As above.
 * @throws FalcoError with InvalidArgument if they are none, or do not belong together.
 */
export function withCertificates<Server>(option: string, create: () => Server): Server {
  try {
    return create();
  } catch (cause) {
    throw invalidOption(
      `${option}: ca, cert and key are no PEM that belongs together: ${(cause as Error).message}`,
      cause,
    );
  }
}

/** For a server's `tlsClientError`. */
export function logHandshakes(logger: Logger) {
  return (error: Error & { reason?: string }, socket: TLSSocket): void => {
    // Why a client's certificate was refused stands beside the socket; OpenSSL's own reason is a part of its message.
    const reason = socket.authorizationError ?? error.reason ?? error.message;
    logger.warn({ peer: socket.remoteAddress, reason: String(reason) }, "a TLS handshake failed");
  };
}
