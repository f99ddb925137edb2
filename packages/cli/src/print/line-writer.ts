import { once } from "node:events";

/** Writes lines to a stream no faster than it takes them. When its reader is gone, `closed` aborts, quietly. */
export class LineWriter {
  readonly #stream: NodeJS.WriteStream;
  readonly #closed = new AbortController();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      this.#closed.abort();
    });
  }

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  async write(line: string): Promise<void> {
    if (this.closed.aborted || this.#stream.write(`${line}\n`)) return;
    await once(this.#stream, "drain", { signal: this.closed }).catch((error) => {
      if (!this.closed.aborted) throw error;
    });
  }
}
