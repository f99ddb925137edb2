import { readFileSync } from "node:fs";
import { invalidOption } from "../invalid-option.js";

/** PEM text or bytes, or the path of a file that holds it. */
export type Pem = string | Buffer;

/** Certificates and keys for mutual TLS. */
export interface TlsOptions {
  /** The authorities that sign the other side's certificate. */
  ca: Pem;
  cert: Pem;
  key: Pem;
}

/**
 * @param option What the option is called, as `tls.ca`.
 * @throws FalcoError with InvalidArgument if it is a path and the file cannot be read.
 */
export function readPem(pem: Pem, option: string): string | Buffer {
  if (typeof pem !== "string" || pem.includes("-----BEGIN ")) return pem;
  try {
    return readFileSync(pem);
  } catch (cause) {
    throw invalidOption(
      `${option}: ${JSON.stringify(pem)} cannot be read: ${(cause as Error).message}`,
      cause,
    );
  }
}
