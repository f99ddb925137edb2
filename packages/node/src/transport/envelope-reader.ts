import { Code, ConnectError } from "@connectrpc/connect";

const prefixBytes = 5;
const compressedFlag = 1;
const nothing = Buffer.alloc(0);
/** Memory beyond that is given back after a message, in bytes. */
const maxKeptBytes = 64 * 1024;

/** Takes a message: `bytes` from `start` to `end`, which are the taker's only within the call. */
type OnMessage = (bytes: Buffer, start: number, end: number) => void;

/**
 * Finds gRPC's length-prefixed messages in a stream of chunks, in place: only what stands across the border of two
 * chunks is copied. The errors are Connect's.
 */
export class EnvelopeReader {
  readonly #maxBytes: number;
  readonly #onMessage: OnMessage;
  /** The beginning of an envelope, in the first `#held` bytes. */
  #beginning = nothing;
  #held = 0;

  /** @param maxBytes The largest message. */
  constructor(maxBytes: number, onMessage: OnMessage) {
    this.#maxBytes = maxBytes;
    this.#onMessage = onMessage;
  }

  /** @throws ConnectError for a compressed or too large message. */
  read(chunk: Buffer): void {
    let at = this.#held === 0 ? 0 : this.#readOn(chunk);
    for (let end = at; ; at = end) {
      if (chunk.length - at < prefixBytes) break;
      end = at + this.#envelopeBytes(chunk, at);
      if (end > chunk.length) break;
      this.#onMessage(chunk, at + prefixBytes, end);
    }
    if (at < chunk.length) this.#fill(chunk, at, chunk.length - at);
  }

  /** @throws ConnectError if the stream ended within an envelope. */
  end(): void {
    if (this.#held === 0) return;
    throw new ConnectError("protocol error: incomplete envelope", Code.InvalidArgument);
  }

  /** Completes the envelope that is held, as far as the chunk goes; returns the position after it. */
  #readOn(chunk: Buffer): number {
    let at = 0;
    if (this.#held < prefixBytes) at = this.#fill(chunk, at, prefixBytes);
    if (this.#held < prefixBytes) return at;
    const bytes = this.#envelopeBytes(this.#beginning, 0);
    at = this.#fill(chunk, at, bytes);
    if (this.#held === bytes) {
      this.#held = 0;
      this.#onMessage(this.#beginning, prefixBytes, bytes);
      if (this.#beginning.length > maxKeptBytes) this.#beginning = nothing;
    }
    return at;
  }

  /** Holds more of the chunk, until `bytes` are held; returns the position after what it took. */
  #fill(chunk: Buffer, at: number, bytes: number): number {
    if (this.#beginning.length < bytes) {
      const larger = Buffer.allocUnsafeSlow(bytes);
      this.#beginning.copy(larger, 0, 0, this.#held);
      this.#beginning = larger;
    }
    const copied = chunk.copy(this.#beginning, this.#held, at, at + bytes - this.#held);
    this.#held += copied;
    return at + copied;
  }

  #envelopeBytes(bytes: Buffer, at: number): number {
    const flags = bytes[at]!;
    const length = bytes.readUInt32BE(at + 1);
    if (length > this.#maxBytes) {
      throw new ConnectError(
        `message size ${length} is larger than configured readMaxBytes ${this.#maxBytes}`,
        Code.ResourceExhausted,
      );
    }
    if ((flags & compressedFlag) !== 0) {
      throw new ConnectError(
        "received compressed envelope, but do not know how to decompress",
        Code.Internal,
      );
    }
    return prefixBytes + length;
  }
}
