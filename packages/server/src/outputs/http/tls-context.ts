import { createSecureContext, type SecureContext } from "node:tls";
import { invalidOption } from "../../invalid-option.js";
import { type Pem, readPem } from "../../listen/pem.js";
import { readAuthorities, systemAuthorities } from "../authorities.js";

/** With the names and meaning of falco.yaml's `http_output`. Certificates and keys: a path, or PEM. */
export interface HttpTlsOptions {
  /** Takes any certificate of the receiver's. Default: false. */
  insecure?: boolean;
  /** The authority that signs the receiver's certificate, and no other. */
  caCert?: Pem;
  /** A file with authorities, which stand for the system's. `caCert` goes before it. */
  caBundle?: Pem;
  /**
   * A folder with authorities in PEM files. `caCert` and `caBundle` go before it. Default: /etc/ssl/certs, and where it
   * has none those that Node brings.
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
 * @throws FalcoError with InvalidArgument that says which option is wrong.
 */
export function createTlsContext(options: HttpTlsOptions): SecureContext {
  const ca = options.insecure === true ? [] : [...authorities(options)];
  if (options.mtls !== true) return fromPem({ ca }, "caCert, caBundle or caPath");
  const { clientCert = defaultClientCert, clientKey = defaultClientKey } = options;
  const cert = readPem(clientCert, "outputs.http.clientCert");
  const key = readPem(clientKey, "outputs.http.clientKey");
  return fromPem({ ca, cert, key }, "caCert, caBundle, caPath, clientCert or clientKey");
}

function authorities({ caCert, caBundle, caPath }: HttpTlsOptions): readonly (string | Buffer)[] {
  if (caCert !== undefined) return [readPem(caCert, "outputs.http.caCert")];
  if (caBundle !== undefined) return [readPem(caBundle, "outputs.http.caBundle")];
  return caPath === undefined ? systemAuthorities() : readAuthorities(caPath, "outputs.http.caPath");
}

function fromPem(pem: Parameters<typeof createSecureContext>[0], names: string): SecureContext {
  try {
    return createSecureContext(pem);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw invalidOption(
      `outputs.http: ${names} is no PEM, or key and certificate do not match: ${reason}`,
      cause,
    );
  }
}
