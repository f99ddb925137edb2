import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { OptionError } from "@falco-outputs/core";

/** PEM text or bytes, or the path of a file that holds it. */
export type Pem = string | Buffer;

/** Mutual TLS, as Falco demands it. Files are read anew for each connection, so that they may be exchanged. */
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
    ca: read(tls.ca, "ca"),
    cert: read(tls.cert, "cert"),
    key: read(tls.key, "key"),
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

function read(pem: Pem, name: "ca" | "cert" | "key"): string | Buffer {
  if (typeof pem !== "string" || pem.includes("-----BEGIN ")) return pem;
  try {
    return readFileSync(pem);
  } catch (cause) {
    throw new OptionError({
      option: `tls.${name}`,
      got: pem,
      expected: `PEM, or the path of a file that can be read: ${(cause as Error).message}`,
      cause,
    });
  }
}
