import type { Socket } from "node:net";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const headerBytes = 9;
const type = { data: 0, headers: 1, settings: 4, ping: 6, windowUpdate: 8 } as const;
const flag = { ack: 1, endStream: 1, endHeaders: 4 } as const;
const initialWindowSize = 4;

/** ":status: 200" and "content-type: application/grpc", as HPACK (RFC 7541) writes them by its static table. */
const responseHeaders = Buffer.concat([Buffer.from([0x88, 0x0f, 0x10, 16]), Buffer.from("application/grpc")]);
/** "grpc-status: 0". */
const trailers = Buffer.concat([Buffer.from([0x00, 11]), Buffer.from("grpc-status"), Buffer.from([1, 0x30])]);

/** What is handed to the socket at once, in bytes. */
const writeBytes = 64 * 1024;

interface Answer {
  window: number;
  /** How many messages are still to be sent, and how many were. */
  left: number;
  sent: number;
}

/**
 * The server's side of one HTTP/2 connection (RFC 9113), as far as a gRPC client that reads needs it: every stream is
 * answered with the same messages, each in a DATA frame of its own, within the client's flow control.
 */
export class Http2Connection {
  readonly #socket: Socket;
  readonly #messages: readonly Buffer[];
  readonly #count: () => number;
  readonly #answers = new Map<number, Answer>();
  #received: Buffer = Buffer.alloc(0);
  #hasPreface = false;
  #window = 65_535;
  #streamWindow = 65_535;

  /**
   * @param messages Messages with gRPC's prefix, sent again and again.
   * @param count How many a stream gets.
   */
  constructor(socket: Socket, messages: readonly Buffer[], count: () => number) {
    this.#socket = socket;
    this.#messages = messages;
    this.#count = count;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("drain", () => this.#sendAll());
    socket.on("error", () => undefined);
    socket.write(frame(type.settings, 0, 0, Buffer.alloc(0)));
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (!this.#hasPreface) {
      if (this.#received.length < preface.length) return;
      this.#received = this.#received.subarray(preface.length);
      this.#hasPreface = true;
    }
    while (this.#received.length >= headerBytes) {
      const end = headerBytes + this.#received.readUIntBE(0, 3);
      if (this.#received.length < end) break;
      this.#take(this.#received.subarray(0, end));
      this.#received = this.#received.subarray(end);
    }
    this.#sendAll();
  }

  #take(received: Buffer): void {
    const flags = received[4]!;
    const stream = received.readUInt32BE(5);
    const payload = received.subarray(headerBytes);
    switch (received[3]) {
      case type.headers:
        this.#answers.set(stream, { window: this.#streamWindow, left: this.#count(), sent: 0 });
        this.#socket.write(frame(type.headers, flag.endHeaders, stream, responseHeaders));
        break;
      case type.settings:
        if ((flags & flag.ack) === 0) this.#apply(payload);
        break;
      case type.ping:
        if ((flags & flag.ack) === 0) this.#socket.write(frame(type.ping, flag.ack, 0, payload));
        break;
      case type.windowUpdate:
        this.#widen(stream, payload.readUInt32BE(0));
        break;
    }
  }

  #apply(settings: Buffer): void {
    for (let at = 0; at < settings.length; at += 6) {
      if (settings.readUInt16BE(at) !== initialWindowSize) continue;
      const size = settings.readUInt32BE(at + 2);
      for (const answer of this.#answers.values()) answer.window += size - this.#streamWindow;
      this.#streamWindow = size;
    }
    this.#socket.write(frame(type.settings, flag.ack, 0, Buffer.alloc(0)));
  }

  #widen(stream: number, bytes: number): void {
    if (stream === 0) this.#window += bytes;
    const answer = this.#answers.get(stream);
    if (answer !== undefined) answer.window += bytes;
  }

  #sendAll(): void {
    for (const [stream, answer] of this.#answers) {
      while (!this.#socket.writableNeedDrain && this.#send(stream, answer));
    }
  }

  /** Sends some of what is left; returns whether there may be more. */
  #send(stream: number, answer: Answer): boolean {
    const frames: Buffer[] = [];
    for (let bytes = 0; bytes < writeBytes && answer.left > 0; answer.left--) {
      const message = this.#messages[answer.sent % this.#messages.length]!;
      if (message.length > Math.min(this.#window, answer.window)) break;
      this.#window -= message.length;
      answer.window -= message.length;
      bytes += message.length;
      answer.sent++;
      frames.push(frame(type.data, 0, stream, message));
    }
    if (answer.left === 0) {
      this.#answers.delete(stream);
      frames.push(frame(type.headers, flag.endHeaders | flag.endStream, stream, trailers));
    }
    if (frames.length > 0) this.#socket.write(Buffer.concat(frames));
    return frames.length > 0 && answer.left > 0;
  }
}

function frame(kind: number, flags: number, stream: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = kind;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  payload.copy(bytes, headerBytes);
  return bytes;
}
