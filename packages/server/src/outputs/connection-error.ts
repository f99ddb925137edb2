/** The codes of OpenSSL and Node for a certificate that is not accepted. */
const ofCertificate = /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;

/**
 * Why a connection failed, for a log.
 * @param where The receiver, without a secret.
 */
export function connectionError(where: string, cause: NodeJS.ErrnoException & { reason?: string }): Error {
  return new Error(`${where}: ${reasonOf(cause)}`, { cause });
}

function reasonOf(error: NodeJS.ErrnoException & { reason?: string }): string {
  // One error per address of a name, and no message of its own.
  if (error instanceof AggregateError) return error.errors.map((each: Error) => each.message).join(", ");
  if (ofCertificate.test(error.code ?? "")) {
    // Node 24 adds advice about one of its own flags.
    const message = error.message.replace(/; if the root CA is installed locally,.*/, "");
    return `its certificate is not accepted: ${message}`;
  }
  // OpenSSL's reason, without the places in its source.
  return error.code?.startsWith("ERR_SSL_") && error.reason !== undefined ? error.reason : error.message;
}
