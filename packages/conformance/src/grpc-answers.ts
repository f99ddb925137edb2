import { constants, type ServerHttp2Stream } from "node:http2";
import { statusNames } from "./status.js";

/** A message as gRPC frames it. */
export function grpcFrame(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Answers with a gRPC status and nothing else. */
export function trailersOnly(
  stream: ServerHttp2Stream,
  status: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  const answer = {
    ":status": 200,
    "content-type": "application/grpc",
    ...headers,
    "grpc-status": String(statusNames.indexOf(status)),
    "grpc-message": encodeURIComponent(message),
  };
  stream.respond(answer, { endStream: true });
  stopRequest(stream);
}

/** Answers as an HTTP server does that knows nothing of gRPC. */
export function httpError(stream: ServerHttp2Stream, status: number): void {
  stream.respond({ ":status": status, "content-type": "text/html" });
  stream.end(`<html><body><h1>${status}</h1></body></html>\n`);
  stopRequest(stream);
}

/** As servers do when a client that was answered has not half-closed. */
function stopRequest(stream: ServerHttp2Stream): void {
  setImmediate(() => {
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  });
}
