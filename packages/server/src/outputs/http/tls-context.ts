import { X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { OptionError } from "@falco-outputs/core/options";
import { type Pem, readPem } from "../../listen/pem.js";
import { readAuthorities, systemAuthorities } from "../authorities.js";

/** With the names and meaning of falco.yaml's `http_output`. Certificates and keys: a path, or PEM. */
export interface HttpTlsOptions {
  /** Accepts any certificate. Default: false. */
  insecure?: boolean;
  /** The only authority that may sign the receiver's certificate. */
  caCert?: Pem;
  /** A file with authorities, which replace the system's. `caCert` takes precedence. */
  caBundle?: Pem;
  /**
   * A folder with authorities in PEM files. `caCert` and `caBundle` take precedence. Default: /etc/ssl/certs, or if it
   * has none, those of Node.
   */
  caPath?: string;
  /** Shows the receiver `clientCert`. Default: false. */
  mtls?: boolean;
  /** Default: /etc/ssl/certs/client.crt, as in falco.yaml. */
  clientCert?: Pem;
  /** Default: /etc/ssl/certs/client.key, as in falco.yaml. */
  clientKey?: Pem;
}

const defaultClientCert = "/etc/ssl/certs/client.crt";
const defaultClientKey = "/etc/ssl/certs/client.key";

/**
 * Reads the certificates, once for all connections: a system has some 140 authorities.
 * @throws OptionError
 */
export function createTlsContext(options: HttpTlsOptions): SecureContext {
  const ca = options.insecure === true ? [] : [...authorities(options)];
  if (options.mtls !== true) return createSecureContext({ ca });
  const { clientCert = defaultClientCert, clientKey = defaultClientKey } = options;
  const cert = readPem(clientCert, option("clientCert"));
  const key = readPem(clientKey, option("clientKey"));
  try {
    return createSecureContext({ ca, cert, key });
  } catch (cause) {
    const expected = `a certificate in PEM, and {${option("clientKey")}} its key (${(cause as Error).message})`;
    throw new OptionError({ option: option("clientCert"), expected, cause });
  }
}

function authorities({ caCert, caBundle, caPath }: HttpTlsOptions): readonly (string | Buffer)[] {
  if (caCert !== undefined) return [readAuthority(caCert, option("caCert"))];
  if (caBundle !== undefined) return [readAuthority(caBundle, option("caBundle"))];
  return caPath === undefined ? systemAuthorities() : readAuthorities(caPath, option("caPath"));
}

/** Node passes over an authority that is not a certificate, and would trust nobody. */
function readAuthority(pem: Pem, name: string): string | Buffer {
  const read = readPem(pem, name);
  try {
    new X509Certificate(read);
    return read;
  } catch (cause) {
    throw new OptionError({ option: name, expected: "a certificate in PEM", cause });
  }
}

function option(name: keyof HttpTlsOptions): string {
  return `outputs.http.${name}`;
}
