import { once } from "node:events";
import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** What an alert of Falco's says here. */
export interface RaisedAlert {
  rule?: string;
  output?: string;
}

const prefixBytes = 5;
const unimplemented = 12;

/**
 * A server that behaves as Falco 0.43 does, with all that a client has to live with: one queue that all share, none of
 * our headers and options, answers to `sub` only upon requests, and headers only with the first alert.
 */
export class OldFalco {
  readonly address: string;
  /** The methods that were called, e.g. "sub". */
  readonly calls: string[] = [];
  /** How many requests `sub` streams sent. */
  polls = 0;
  readonly #queue: Buffer[] = [];
  readonly #server = createServer();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #streams = new Set<ServerHttp2Stream>();
  readonly #version: string | undefined;

  private constructor(address: string, version: string | undefined) {
    this.address = address;
    this.#version = version;
    this.#server.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
    });
    this.#server.on("stream", (stream, headers) => this.#answer(stream, String(headers[":path"])));
  }

  /**
   * Listens on a unix socket, until `stop`.
   * @param options.version What it says of itself. Undefined: nothing, as Falco before 0.24.
   */
  static async start(
    address: string,
    { version }: { version: string | undefined } = { version: "0.43.0" },
  ): Promise<OldFalco> {
    const falco = new OldFalco(address, version);
    await once(falco.#server.listen(address), "listening");
    return falco;
  }

  /** How many alerts wait for a request. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Queues alerts, or those of these rules; they wait for a request. */
  raise(...alerts: readonly (RaisedAlert | string)[]): void {
    for (const alert of alerts) this.#queue.push(encode(typeof alert === "string" ? { rule: alert } : alert));
  }

  /** Queues an alert of these bytes, which need not be one. */
  raiseEncoded(alert: Uint8Array): void {
    this.#queue.push(frame(alert));
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

  #answer(stream: ServerHttp2Stream, path: string): void {
    // A client that comes back at once may be quicker than the news that this connection ends.
    if (!this.#server.listening) {
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    const method = path.split("/").at(-1)!;
    this.calls.push(method);
    stream.on("error", () => undefined);
    if (method === "sub") {
      this.#subscribe(stream);
    } else if (method === "get") {
      stream.resume().on("end", () => {
        this.#drain(stream);
        end(stream, 0);
      });
    } else if (method === "version" && this.#version !== undefined) {
      respond(stream);
      stream.end(frame(new BinaryWriter().tag(1, WireType.LengthDelimited).string(this.#version).finish()));
    } else {
      end(stream, unimplemented);
    }
  }

  #subscribe(stream: ServerHttp2Stream): void {
    this.#streams.add(stream);
    stream.once("close", () => this.#streams.delete(stream));
    let pending = Buffer.alloc(0);
    stream.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= prefixBytes && pending.length >= prefixBytes + pending.readUInt32BE(1)) {
        pending = pending.subarray(prefixBytes + pending.readUInt32BE(1));
        this.polls++;
        this.#drain(stream);
      }
    });
  }

  #drain(stream: ServerHttp2Stream): void {
    for (const alert of this.#queue.splice(0)) {
      if (!stream.headersSent) respond(stream);
      stream.write(alert);
    }
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

/** A message of the contract in its frame: priority Notice, source syscall. */
function encode({ rule = "Old rule", output = "" }: RaisedAlert): Buffer {
  const writer = new BinaryWriter();
  writer.tag(2, WireType.Varint).int32(5);
  writer.tag(4, WireType.LengthDelimited).string(rule);
  if (output !== "") writer.tag(5, WireType.LengthDelimited).string(output);
  return frame(writer.tag(9, WireType.LengthDelimited).string("syscall").finish());
}

function frame(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
