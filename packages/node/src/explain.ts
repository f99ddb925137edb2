import { ConnectError } from "@connectrpc/connect";
import { Code } from "@falco-outputs/core";
import type { Address, Explain, Explanation } from "@falco-outputs/core/transport";
import { unanswered, unusable } from "./connection.js";

/**
 * Explains what Node and Connect report of a failed connection: what happened, and what to do. Of Connect, it matches
 * the texts of some messages, which have no code of their own.
 */
export function explainFor(address: Address, secure: boolean): Explain {
  const messages = new Map(
    [connection, address.kind === "unix" ? unixSocket : tcp, secure ? tls : {}].flatMap(
      Object.entries<string>,
    ),
  );
  return (reason) => {
    for (const { code, message: said } of errorsWithCode(reason)) {
      const message = code === unusable ? said : messages.get(code);
      if (message === undefined) continue;
      const retryAtOnce = code === "ERR_HTTP2_SESSION_ERROR" && goodbye.test(said);
      return { message, code: code === "EACCES" ? Code.PermissionDenied : Code.Unavailable, retryAtOnce };
    }
    const text = reason instanceof ConnectError ? reason.rawMessage : "";
    const reset = /^(?:http\/2 )?stream closed with error code (?:NGHTTP2_)?([A-Z_]+)/i.exec(text)?.[1];
    const explained = reset === undefined ? undefined : resets[reset];
    if (explained !== undefined) return explained;
    return text === pingTimedOut ? { message: dead, code: Code.Unavailable } : undefined;
  };
}

const closed = "the connection was closed by the other side";
const dead = "the connection is dead: the other side answers no ping";

/** What Connect says of a connection that ended without any error of Node's. */
const pingTimedOut = "PING timed out";

/** What a stream's end means, by the code of its RST_STREAM. */
const resets: Readonly<Record<string, Explanation>> = {
  CANCEL: { message: closed, code: Code.Unavailable },
  // By gRPC's mapping of HTTP/2's error codes. Our server has no other way to tell one that does not read.
  ENHANCE_YOUR_CALM: {
    message: "the server ended the stream: it was read too slowly",
    code: Code.ResourceExhausted,
  },
  // The server has not looked at the stream.
  REFUSED_STREAM: {
    message: "the server refused the stream: it closes the connection, or has too many streams",
    code: Code.Unavailable,
    retryAtOnce: true,
  },
};

/**
 * How Node says that a GOAWAY ended a connection, with a code that blames nothing on this side: NO_ERROR,
 * INTERNAL_ERROR or CANCEL. nghttp2, which many servers are built on, sends the second to a client that has left many
 * streams.
 */
const goodbye = /error code (?:0|2|8|NGHTTP2_(?:NO_ERROR|INTERNAL_ERROR|CANCEL))$/;

const unixSocket: Record<string, string> = {
  ENOENT: "there is no such socket: is the server running, and does it listen there?",
  ECONNREFUSED: "nobody listens there: the server that made this socket is gone, or it is not a socket",
  ENOTDIR: "there is no such socket: a part of its path is not a folder",
  [unanswered]: "the other side closed the connection without an answer: is this a server's gRPC socket?",
  ERR_HTTP2_ERROR: "the other side does not speak HTTP/2: is this a server's gRPC socket?",
  EACCES: "no permission to connect: the socket's mode and group decide who may",
};

const tcp: Record<string, string> = {
  [unanswered]: "the server closed the connection without an answer: does it expect TLS?",
  ERR_HTTP2_ERROR: "the other side does not speak HTTP/2 here: does it expect TLS?",
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
  ERR_HTTP2_STREAM_CANCEL: closed,
  ERR_HTTP2_SESSION_ERROR: closed,
};

const noHttp2 = "the other side speaks TLS here, but not HTTP/2";
const untrusted = "the server's certificate is signed by none of the authorities in tls.ca";
const refused = "the server refuses this client's certificate: has one of its authorities signed tls.cert?";
const tls: Record<string, string> = {
  // Node's own servers refuse a certificate so, when the handshake is over for the client already.
  [unanswered]:
    "the server closed the connection without an answer: most often it refuses this client's certificate (tls.cert), which has to be valid and signed by an authority of the server's",
  ERR_HTTP2_ERROR: noHttp2,
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: noHttp2,
  CERT_HAS_EXPIRED: "the server's certificate has expired, or an authority's: renew it",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet: compare the clocks",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the server's certificate is for another name: use that name in the address, or give it as tls.serverName (--server-name)",
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

/** An error and its causes, the outermost first: those that have a code. */
function* errorsWithCode(reason: unknown): Generator<{ code: string; message: string }> {
  let error = reason;
  // Causes can form a ring; no real chain is this long.
  for (let depth = 0; depth < 10 && error instanceof Error; depth++) {
    if ("code" in error && typeof error.code === "string") yield { code: error.code, message: error.message };
    error = error.cause;
  }
}
