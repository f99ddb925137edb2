import { finished, type Readable } from "node:stream";

/**
 * What a stream brings, until it ends or the signal aborts. Unlike the stream's own iterator this one can be ended
 * while it waits, and leaves the stream open: what comes later stays in it.
 * @throws the stream's error.
 */
export async function* chunksOf(stream: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array | string> {
  let wake = () => undefined as void;
  let end: { error: Error | undefined } | undefined;
  const onChange = () => wake();
  const forget = finished(stream, { writable: false }, (error) => {
    end = { error: error ?? undefined };
    wake();
  });
  stream.on("readable", onChange);
  signal.addEventListener("abort", onChange);
  try {
    while (!signal.aborted) {
      const chunk = stream.destroyed ? null : stream.read();
      if (chunk !== null) {
        yield chunk;
      } else if (end === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else {
        if (end.error !== undefined) throw end.error;
        return;
      }
    }
  } finally {
    signal.removeEventListener("abort", onChange);
    stream.removeListener("readable", onChange);
    forget();
  }
}
