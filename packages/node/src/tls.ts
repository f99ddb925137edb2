import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { OptionError } from "@falco-outputs/core";
import { readPem } from "@falco-outputs/core/options";

/** PEM text or bytes, or the path of a file that holds it. */
export type Pem = string | Buffer;

/** Mutual TLS, as Falco demands it. Files are read for each connection, so that they can be replaced. */
export interface TlsOptions {
  /** The authorities that sign the server's certificate. */
  ca: Pem;
  /** The client's certificate. */
  cert: Pem;
  /** The client's private key. */
  key: Pem;
  /** The name that the server's certificate has to carry. Default: the host of the address. */
  serverName?: string;
}

/**
 * The options that Node's TLS takes.
 * @throws OptionError if a file cannot be read, or what it holds is not what it should be.
 */
export function secureContextOptions(tls: TlsOptions): SecureContextOptions {
  const options = {
    ca: readPem(tls.ca, "tls.ca", readFileSync),
    cert: readPem(tls.cert, "tls.cert", readFileSync),
    key: readPem(tls.key, "tls.key", readFileSync),
    minVersion: "TLSv1.2",
  } as const;
  try {
    createSecureContext(options);
    // An authority that is not a certificate would only be passed over.
    new X509Certificate(options.ca);
  } catch (cause) {
    throw new OptionError({
      option: "tls",
      expected: `{tls.ca}, {tls.cert} and {tls.key} as PEM that belongs together: ${(cause as Error).message}`,
      cause,
    });
  }
  return options;
}
