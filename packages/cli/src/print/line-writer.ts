import { once } from "node:events";

/** Writes lines to a stream no faster than it takes them. `closed` aborts when it takes no more. */
export class LineWriter {
  readonly #stream: NodeJS.WriteStream;
  readonly #closed = new AbortController();
  #failure: Error | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // Nobody reads any more, as behind `| head`: that is no failure.
      if (error.code !== "EPIPE")
        this.#failure = new Error(`cannot write to standard output: ${error.message}`);
      this.#closed.abort();
    });
  }

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** @throws Error if it was not because its reader is gone that the stream takes no more. */
  assertNoFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async write(line: string): Promise<void> {
    if (this.closed.aborted || this.#stream.write(`${line}\n`)) return;
    await once(this.#stream, "drain", { signal: this.closed }).catch((error) => {
      if (!this.closed.aborted) throw error;
    });
  }
}
