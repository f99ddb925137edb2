import { readFileSync } from "node:fs";
import { OptionError } from "@falco-outputs/core/options";

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
  if (typeof pem !== "string" || pem.includes("-----BEGIN ")) return pem;
  try {
    return readFileSync(pem);
  } catch (cause) {
    const expected = `PEM, or the path of a file that can be read (${(cause as Error).message})`;
    throw new OptionError({ option, got: pem, expected, cause });
  }
}
