const prefixBytes = 5;

/** Counts the gRPC frames of a stream, wherever its chunks are cut. */
export class FrameCounter {
  frames = 0;
  /** Bytes of the frame that is being read which are still to come. */
  #missing = 0;
  /** Bytes of a prefix that is cut, and the length they say so far. */
  #prefix = 0;
  #length = 0;

  add(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#missing > 0) {
        const part = Math.min(this.#missing, chunk.length - at);
        at += part;
        this.#missing -= part;
        if (this.#missing === 0) this.frames++;
        continue;
      }
      // The first byte says whether the message is compressed; the other four are its length.
      if (this.#prefix > 0) this.#length = this.#length * 256 + chunk[at]!;
      this.#prefix++;
      at++;
      if (this.#prefix < prefixBytes) continue;
      this.#missing = this.#length;
      if (this.#length === 0) this.frames++;
      this.#prefix = 0;
      this.#length = 0;
    }
  }
}
