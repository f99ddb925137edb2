import type { IncomingMessage } from "node:http";
import { constants, type Http2ServerRequest, type ServerHttp2Stream } from "node:http2";
import { createContextKey } from "@connectrpc/connect";
import { pingsOf } from "./pings.js";

/** The other end of a stream, as far as its connection tells about it. */
export interface Peer {
  /** Cuts the stream of a peer that does not read: no status would reach it. */
  cut(): void;
  /** What the peer has read. Undefined over HTTP/1.1, where nobody can tell. */
  readonly reading: Reading | undefined;
}

export interface Reading {
  /** Bytes that were given to the stream and that its connection has not sent yet. */
  readonly unsentBytes: number;
  /** Resolves once all of these are sent; never, if the stream ends before. */
  allSent(): Promise<void>;
  /** Resolves once the peer has read everything that its connection had sent, or the connection is closed. */
  caughtUp(): Promise<void>;
}

const nothing = new Uint8Array(0);

/** Undefined where there is no socket. */
export const peerKey = createContextKey<Peer | undefined>(undefined);

export function peerOf(request: IncomingMessage | Http2ServerRequest): Peer {
  return "stream" in request
    ? { cut: () => cutStream(request.stream), reading: readingOf(request.stream) }
    : // A request of HTTP/1.1 that was read to its end would leave its connection alone.
      { cut: () => request.socket.destroy(gone()), reading: undefined };
}

/** What the peer is owed cannot be written any more; gRPC takes this for RESOURCE_EXHAUSTED. */
function cutStream(stream: ServerHttp2Stream): void {
  stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  stream.destroy(gone());
}

/** Connect prints errors of streams to the console, except for those of a peer that is gone. */
function gone(): Error {
  return Object.assign(new Error("the stream was cut"), { code: "ECONNRESET" });
}

function readingOf(stream: ServerHttp2Stream): Reading {
  return {
    get unsentBytes() {
      return stream.writableLength;
    },
    allSent: () =>
      new Promise((resolve) => {
        if (!stream.writable) return;
        // Writes are done in order. This one adds nothing to what is sent.
        stream.write(nothing, (error) => {
          if (error == null) resolve();
        });
      }),
    caughtUp: () => (stream.session === undefined ? Promise.resolve() : pingsOf(stream.session).answered()),
  };
}
