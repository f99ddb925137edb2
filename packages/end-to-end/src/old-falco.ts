import { once } from "node:events";
import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { join } from "node:path";
import { encodeLine } from "@falco-outputs/core/codec";
import { onTestFinished } from "vitest";

/**
 * A server that behaves as Falco 0.43 does, with all that our client has to live with: it knows none of our headers
 * and options, answers `sub` only to requests, and sends headers only with the first alert.
 */
export class OldFalco {
  readonly address: string;
  /** The methods that were called, e.g. "sub". */
  readonly calls: string[] = [];
  readonly queue: Buffer[] = [];
  /** How many requests `sub` streams sent. */
  polls = 0;
  readonly #server = createServer();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #streams = new Set<ServerHttp2Stream>();
  /** Whether it knows its version. Falco before 0.24 answered UNIMPLEMENTED. */
  readonly #hasVersion: boolean;

  private constructor(address: string, hasVersion: boolean) {
    this.address = address;
    this.#hasVersion = hasVersion;
    this.#server.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
    });
    this.#server.on("stream", (stream, headers) => {
      // A client that comes back at once may be quicker than the news that this connection ends.
      if (!this.#server.listening) {
        stream.close(constants.NGHTTP2_REFUSED_STREAM);
        return;
      }
      const method = String(headers[":path"]).split("/").at(-1)!;
      this.calls.push(method);
      stream.on("error", () => undefined);
      if (method === "sub") this.#sub(stream);
      else if (method === "get") stream.resume().on("end", () => this.#drain(stream) && end(stream, 0));
      else if (method === "version" && this.#hasVersion) {
        respond(stream);
        stream.end(frame(Buffer.from("\n\u00060.43.0")));
      } else end(stream, 12);
    });
  }

  /** Listens at `folder`/falco.sock, until `stop` or the test's end. */
  static async start(folder: string, { hasVersion = true } = {}): Promise<OldFalco> {
    const falco = new OldFalco(join(folder, "falco.sock"), hasVersion);
    await once(falco.#server.listen(falco.address), "listening");
    onTestFinished(() => falco.stop());
    return falco;
  }

  /** Queues alerts of these rules; they wait for a request. */
  raise(...rules: readonly string[]): void {
    for (const rule of rules)
      this.queue.push(frame(encodeLine(JSON.stringify({ rule, priority: "Notice" }))));
  }

  /** Queues an alert of these bytes, which need not be one. */
  raiseEncoded(alert: Uint8Array): void {
    this.queue.push(frame(alert));
  }

  /** Ends every stream with OK, as Falco does when it stops. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const stream of this.#streams) end(stream, 0);
    for (const session of this.#sessions) session.close();
    await closed;
  }

  #sub(stream: ServerHttp2Stream): void {
    this.#streams.add(stream);
    stream.once("close", () => this.#streams.delete(stream));
    let pending = Buffer.alloc(0);
    stream.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 5 && pending.length >= 5 + pending.readUInt32BE(1)) {
        pending = pending.subarray(5 + pending.readUInt32BE(1));
        this.polls++;
        this.#drain(stream);
      }
    });
  }

  /** Writes what is queued. */
  #drain(stream: ServerHttp2Stream): true {
    for (const alert of this.queue.splice(0)) {
      if (!stream.headersSent) {
        respond(stream);
      }
      stream.write(alert);
    }
    return true;
  }
}

const grpc = { ":status": 200, "content-type": "application/grpc" };

/** Sends headers; trailers follow when the stream ends. */
function respond(stream: ServerHttp2Stream): void {
  stream.respond(grpc, { waitForTrailers: true });
  stream.on("wantTrailers", () => {
    stream.sendTrailers({ "grpc-status": "0" });
    setImmediate(stopRequest, stream);
  });
}

/** Ends a stream: by trailers, or by headers alone when there were none so far. */
function end(stream: ServerHttp2Stream, status: number): void {
  if (stream.headersSent) {
    stream.end();
    return;
  }
  stream.respond({ ...grpc, "grpc-status": String(status) }, { endStream: true });
  setImmediate(stopRequest, stream);
}

/** As gRPC's C core does, when a client that was answered has not half-closed. */
function stopRequest(stream: ServerHttp2Stream): void {
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}

function frame(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
