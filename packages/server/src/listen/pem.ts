import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { readPem as read } from "@falco-outputs/core/options";

/** PEM text or bytes, or the path of a file that holds it. */
export type Pem = string | Buffer;

/** A certificate and its key, and the authorities that sign the other side's certificate. */
export interface TlsOptions {
  /** With these, the other side must show a certificate that one of them signed. */
  ca?: Pem;
  cert: Pem;
  key: Pem;
}

/**
 * @param option What the option is called, e.g. `tls.ca`.
 * @throws OptionError if it is a path and the file cannot be read.
 */
export function readPem(pem: Pem, option: string): string | Buffer {
  return read(pem, option, readFileSync);
}

/**
 * When a certificate expires; of a chain, its first one.
 * @throws OptionError, see `readPem`; Error for what is not PEM.
 */
export function expiryOf(cert: Pem, option: string): Date {
  return new Date(new X509Certificate(readPem(cert, option)).validTo);
}
