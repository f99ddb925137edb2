import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";

const prefixBytes = 5;

/**
 * A server that behaves like Falco 0.43: one queue that all share, no header of ours, response headers only with the
 * first alert, and alerts only in answer to requests.
 */
export class OldFalco {
  readonly queue: string[] = [];
  readonly calls: string[] = [];
  readonly #server: Http2Server;

  constructor(version = "0.43.1") {
    this.#server = createServer();
    this.#server.on("stream", (stream, { ":path": path = "" }) => {
      this.calls.push(path);
      stream.on("error", () => undefined);
      if (path === "/falco.version.service/version") answer(stream, [field(1, version)]);
      else if (path === "/falco.outputs.service/get") answer(stream, this.#drain());
      else this.#subscribe(stream);
    });
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve) => this.#server.listen(path, resolve));
  }

  close(): void {
    this.#server.close();
  }

  #subscribe(stream: ServerHttp2Stream): void {
    let received = 0;
    stream.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (received < prefixBytes) return;
      received = 0;
      const alerts = this.#drain();
      if (alerts.length === 0) return;
      if (!stream.headersSent) stream.respond({ ":status": 200, "content-type": "application/grpc" });
      for (const alert of alerts) stream.write(frame(alert));
    });
  }

  /** The alerts of the queue, whose texts are outputs, rule and source: messages of the contract. */
  #drain(): Buffer[] {
    return this.queue
      .splice(0)
      .map((output) => Buffer.concat([field(4, "Old rule"), field(5, output), field(9, "syscall")]));
  }
}

function answer(stream: ServerHttp2Stream, messages: readonly Buffer[]): void {
  const headers = { ":status": 200, "content-type": "application/grpc" };
  if (messages.length === 0) {
    stream.respond({ ...headers, "grpc-status": "0" }, { endStream: true });
    return;
  }
  stream.respond(headers, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.concat(messages.map(frame)));
}

/** A string field of a protobuf message; of less than 128 bytes, so that its length is one. */
function field(number: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

function frame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
