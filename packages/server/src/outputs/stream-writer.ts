import type { Writable } from "node:stream";
import { untilAborted } from "../until-aborted.js";
import type { Attempt, FormattedAlerts } from "./sink.js";

/** Lines that were given to the stream, which may not have written them yet. */
interface Begun {
  readonly bytes: Uint8Array;
  /** The number of alerts. */
  readonly count: number;
  /** Never rejects; resolves with the error, if they could not be written. */
  readonly gone: Promise<Error | undefined>;
  isGone: boolean;
}

/**
 * Writes alerts to a stream, some lines at a time. What was passed to a stream cannot be withdrawn: what is not written
 * when an attempt's time is up stays pending, and the next attempt waits for it. So no line is ever broken or written
 * twice.
 */
export class StreamWriter {
  stream: Writable;
  readonly #maxLines: number;
  #begun: Begun | undefined;

  /** @param maxLines How many lines the stream gets at once: with one, it is known for each whether it was written. */
  constructor(stream: Writable, maxLines: number) {
    this.stream = stream;
    this.#maxLines = maxLines;
    ignoreErrors(stream);
  }

  /** Whether the stream has something that it has not written yet. */
  get isStuck(): boolean {
    return this.#begun?.isGone === false;
  }

  /** The same for something with which these alerts do not begin: it was given up. */
  isStuckBefore(alerts: FormattedAlerts): boolean {
    return this.isStuck && !this.#hasBegun(alerts);
  }

  /** @throws the stream's error, or the signal's reason. */
  async write(alerts: FormattedAlerts, { signal, written }: Attempt): Promise<void> {
    const { bytes, ends } = alerts;
    let next = 0;
    if (this.#begun !== undefined) {
      const begun = this.#begun;
      const isOurs = this.#hasBegun(alerts);
      const error = await this.#finish(begun, signal);
      if (isOurs && error === undefined) next = begun.count;
      written(next);
    }
    while (next < ends.length) {
      signal.throwIfAborted();
      const to = Math.min(ends.length, next + this.#maxLines);
      const lines = bytes.subarray(next === 0 ? 0 : ends[next - 1]!, ends[to - 1]!);
      const error = await this.#finish(this.#begin(lines, to - next), signal);
      if (error !== undefined) throw error;
      next = to;
      written(next);
    }
  }

  #begin(bytes: Uint8Array, count: number): Begun {
    const { stream } = this;
    const gone = new Promise<Error | undefined>((resolve) => {
      const closed = () => resolve(new Error("the stream was closed"));
      // A stream that is closed meanwhile does not always call back.
      stream.once("close", closed);
      stream.write(bytes, (error) => {
        stream.removeListener("close", closed);
        resolve(error ?? undefined);
      });
    });
    const begun: Begun = { bytes, count, gone, isGone: false };
    void gone.then(() => {
      begun.isGone = true;
    });
    this.#begun = begun;
    return begun;
  }

  async #finish(begun: Begun, signal: AbortSignal): Promise<Error | undefined> {
    const error = await untilAborted(begun.gone, signal);
    this.#begun = undefined;
    return error;
  }

  /** Every attempt gets the same alerts in the same memory. */
  #hasBegun({ bytes }: FormattedAlerts): boolean {
    const begun = this.#begun?.bytes;
    return begun?.buffer === bytes.buffer && begun.byteOffset === bytes.byteOffset;
  }
}

/** Errors are reported by the writes; without a listener, a later one would end the process. */
export function ignoreErrors(stream: Writable): void {
  if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
}

function ignore(): void {}
