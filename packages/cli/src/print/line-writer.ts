/** Writes lines to a stream no faster than it takes them. When its reader is gone, `closed` aborts, quietly. */
export class LineWriter {
  readonly #stream: NodeJS.WriteStream;
  readonly #closed = new AbortController();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // Any other error is that of the write which meets it.
    stream.on("error", (error) => {
      if (isClosed(error)) this.#closed.abort();
    });
  }

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /**
   * Resolves once the line has left this process: true; false if nobody reads any more.
   * @throws what the system says of a line that cannot be written, e.g. that the disk is full.
   */
  write(line: string): Promise<boolean> {
    if (this.closed.aborted) return Promise.resolve(false);
    return new Promise((resolve, reject) => {
      this.#stream.write(`${line}\n`, (error) => {
        if (error === undefined || error === null) resolve(true);
        else if (isClosed(error) || this.closed.aborted) resolve(false);
        else reject(error);
      });
    });
  }
}

function isClosed(error: NodeJS.ErrnoException): boolean {
  return error.code === "EPIPE";
}

/**
 * Writes text to stdout. A reader that is gone, as in `falco-outputs --help | head -1`, is not an error.
 * @throws what the system says of text that cannot be written.
 */
export async function say(text: string): Promise<void> {
  if (text !== "") await new LineWriter(process.stdout).write(text.replace(/\n$/, ""));
}
