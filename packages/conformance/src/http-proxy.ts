import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { connect as connectSocket } from "node:net";
import type { AwayAnswer } from "./case.js";
import { httpError, trailersOnly } from "./grpc-answers.js";

/** A proxy that understands HTTP/2, before a server. While the server is away, the proxy answers in its stead. */
export interface HttpProxy {
  readonly address: string;
  /** The server is away: streams are reset, as nginx does it, and new ones get this answer. */
  away(answer: AwayAnswer): void;
  /** The server is back. */
  there(): void;
  close(): Promise<void>;
}

/** @param path Of the unix socket that the proxy listens on. */
export async function startHttpProxy(serverAddress: string, path: string): Promise<HttpProxy> {
  let answer: AwayAnswer | undefined;
  let upstream: ClientHttp2Session | undefined;
  const streams = new Set<ServerHttp2Stream>();
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, { ":path": path, ":method": method, ...headers }) => {
    stream.on("error", () => undefined); // "close" follows
    if (answer !== undefined) return answerFor(stream, answer);
    streams.add(stream);
    upstream ??= connectTo(serverAddress);
    // What belongs to this connection, and not to the next.
    const { ":scheme": _, ":authority": __, ...passed } = headers;
    const passedOn = upstream.request({ ...passed, ":path": path, ":method": method });
    passedOn.on("error", () => stream.destroy());
    stream.once("close", () => {
      streams.delete(stream);
      passedOn.destroy();
    });
    stream.pipe(passedOn);
    passedOn.on("response", (response, flags) => {
      const ends = (flags & endStreamFlag) !== 0;
      stream.respond(response, { endStream: ends, waitForTrailers: !ends });
      passedOn.pipe(stream);
    });
    let trailers = {};
    passedOn.on("trailers", (received) => {
      trailers = received;
    });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  });
  await once(server.listen(path), "listening");
  const leaveUpstream = () => {
    upstream?.destroy();
    upstream = undefined;
  };
  return {
    address: `unix://${path}`,
    away(given) {
      answer = given;
      for (const stream of streams) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      leaveUpstream();
    },
    there() {
      answer = undefined;
    },
    async close() {
      leaveUpstream();
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** HTTP/2's END_STREAM. */
const endStreamFlag = 1;

function answerFor(stream: ServerHttp2Stream, answer: AwayAnswer): void {
  if (answer === "grpc UNAVAILABLE") trailersOnly(stream, "UNAVAILABLE", "no healthy upstream");
  else httpError(stream, Number(answer.replace("http ", "")));
}

function connectTo(serverAddress: string): ClientHttp2Session {
  const session = connect("http://localhost", {
    createConnection: () => connectSocket(serverAddress.replace(/^unix:\/\//, "")),
  });
  return session.on("error", () => undefined); // its streams tell it
}
