import { type Address, Code, type Explain } from "@falco-outputs/core";

/** Puts what Node reports of a failed connection in words: what happened, and what to do. */
export function explainFor(address: Address): Explain {
  const messages = { ...connection, ...(address.kind === "unix" ? unixSocket : tcp), ...tls };
  return (reason) => {
    for (const code of errorCodes(reason)) {
      const message = messages[code];
      if (message === undefined) continue;
      return { message, code: code === "EACCES" ? Code.PermissionDenied : Code.Unavailable };
    }
    return undefined;
  };
}

const unixSocket: Record<string, string> = {
  ENOENT: "there is no such socket: is the server running, and does it listen there?",
  ECONNREFUSED: "nobody listens on this socket: the server that made it is gone, start it again",
  EACCES: "no permission to connect: the socket's mode and group decide who may",
};

const tcp: Record<string, string> = {
  ECONNREFUSED: "connection refused: is the server running, and does it listen on this port?",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "the host's name could not be resolved just now",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the host's network cannot be reached",
};

const connection: Record<string, string> = {
  ETIMEDOUT: "no connection came about in time: does something answer at this address?",
  ECONNRESET: "the connection was lost",
  EPIPE: "the connection was lost",
  // What is left when the other side closes: after a TLS handshake, most often because it refuses the certificate.
  ERR_HTTP2_STREAM_CANCEL: "the connection was closed by the other side",
  ERR_HTTP2_SESSION_ERROR: "the connection was closed by the other side",
  ERR_HTTP2_ERROR: "the other side does not speak HTTP/2 here: does it expect TLS?",
};

const untrusted = "the server's certificate is signed by none of the authorities in tls.ca";
const refused = "the server refuses this client's certificate: has one of its authorities signed tls.cert?";
const tls: Record<string, string> = {
  CERT_HAS_EXPIRED: "the server's certificate has expired, or an authority's: renew it",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet: compare the clocks",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the server's certificate is for another name: use that name in the address, or give it as tls.serverName",
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    "the server demands a client certificate: give tls.cert and tls.key",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: refused,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: refused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    "the server says that this client's certificate has expired: renew it",
  ERR_SSL_WRONG_VERSION_NUMBER: "the other side does not speak TLS here",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the other side does not speak TLS here",
};

/** The codes of an error and its causes, the outermost first. */
function* errorCodes(reason: unknown): Generator<string> {
  let error = reason;
  // Causes can form a ring; no real chain is this long.
  for (let depth = 0; depth < 10 && error instanceof Error; depth++) {
    if ("code" in error && typeof error.code === "string") yield error.code;
    error = error.cause;
  }
}
