import type { TLSSocket } from "node:tls";

/** What clients say of this server's certificate, by OpenSSL's code of their TLS alert (RFC 8446, section 6.2). */
const refusals: Readonly<Record<string, string>> = {
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "it does not know the authority that signed it",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "it considers the certificate invalid",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "it considers the certificate invalid",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "the certificate has expired",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: "the certificate was revoked",
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: "it does not support certificates of this kind",
};

const failures: Readonly<Record<string, string>> = {
  ECONNRESET:
    "the client ended the connection during the handshake: it may not accept this server's certificate",
  ERR_TLS_HANDSHAKE_TIMEOUT: "the client did not finish the handshake in time",
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "the client did not show a certificate",
  ERR_SSL_HTTP_REQUEST: "the client speaks HTTP without TLS",
};

/** Why a TLS handshake failed. */
export function reasonOfFailure(
  error: NodeJS.ErrnoException & { reason?: string },
  { authorizationError }: TLSSocket,
  protocols: readonly string[],
): string {
  const code = error.code ?? "";
  // The socket has the reason why a client's certificate was refused.
  if (authorizationError) return `the client's certificate was refused: ${authorizationError}`;
  if (code in refusals) return `the client does not accept this server's certificate: ${refusals[code]}`;
  if (code === "ERR_SSL_NO_APPLICATION_PROTOCOL") {
    return `the client offers other protocols (ALPN) than ${protocols.join(", ")}`;
  }
  // OpenSSL's own reason is part of its message.
  return failures[code] ?? error.reason ?? error.message;
}
