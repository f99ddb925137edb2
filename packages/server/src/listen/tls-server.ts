import type { SecureContextOptions, TlsOptions as TlsServerOptions } from "node:tls";
import { OptionError } from "@falco-outputs/core/options";
import { readPem, type TlsOptions } from "./pem.js";

/** How long a handshake may take, in milliseconds. */
const handshakeTimeout = 10_000;

/**
 * What Node takes for a server that speaks TLS 1.2 or later. With `ca`, it lets only clients in that show a certificate.
 * @param option What the option is called that holds the certificates, e.g. `listen[0].tls`.
 * @throws OptionError if one is missing, or a file cannot be read.
 */
export function tlsServerOptions(
  { ca, cert, key }: TlsOptions,
  option: string,
): SecureContextOptions & TlsServerOptions {
  // Plain JavaScript may leave one out: Node would listen, and fail at every handshake.
  for (const [name, pem] of [["cert", cert] as const, ["key", key] as const]) {
    if (pem === undefined) {
      throw new OptionError({
        option: `${option}.${name}`,
        got: pem,
        expected: "PEM, or the path of a file that holds it",
      });
    }
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
 * Creates a server whose certificates Node reads now.
 * @param option As above.
 * @throws OptionError if they are not PEM, or the key is not that of the certificate.
 */
export function withCertificates<Server>(option: string, create: () => Server): Server {
  try {
    return create();
  } catch (cause) {
    throw new OptionError({
      option,
      expected: `{${option}.ca}, {${option}.cert} and {${option}.key} in PEM, and the key that of the certificate (${(cause as Error).message})`,
      cause,
    });
  }
}
