import type { Writable } from "node:stream";
import { pieceAt } from "../alert-batch.js";
import type { Attempt, FormattedAlerts } from "./sink.js";
import { untilAborted } from "./until-aborted.js";

/** A line that was given to the stream, which has not said yet that it is gone. */
interface Begun {
  readonly line: Uint8Array;
  /** Never rejects; the error, if the line could not be written. */
  readonly gone: Promise<Error | undefined>;
  isGone: boolean;
}

/**
 * Writes alerts to a stream one line after the other, so that of each it is known whether the other side has it. A
 * stream cannot take a line back: one that is not gone when an attempt's time is over stays begun, and the next attempt
 * waits for it. So no line is ever broken, and none is written twice.
 */
export class LineWriter {
  stream: Writable;
  #begun: Begun | undefined;

  constructor(stream: Writable) {
    this.stream = stream;
    ignoreErrors(stream);
  }

  /** Whether the stream has a line that it did not write yet. */
  get isStuck(): boolean {
    return this.#begun?.isGone === false;
  }

  /** The same, of a line with which these alerts do not begin: it was given up. */
  isStuckBefore(alerts: FormattedAlerts): boolean {
    return this.isStuck && !this.#hasBegun(alerts);
  }

  /** @throws the stream's error, or the signal's reason. */
  async write(alerts: FormattedAlerts, { signal, written }: Attempt): Promise<void> {
    let next = 0;
    if (this.#begun !== undefined) {
      const isFirst = this.#hasBegun(alerts);
      const error = await this.#finish(this.#begun, signal);
      if (isFirst && error === undefined) written(++next);
    }
    for (; next < alerts.ends.length; next++) {
      signal.throwIfAborted();
      const error = await this.#finish(this.#begin(pieceAt(alerts, next)), signal);
      if (error !== undefined) throw error;
      written(next + 1);
    }
  }

  #begin(line: Uint8Array): Begun {
    const { stream } = this;
    const gone = new Promise<Error | undefined>((resolve) => {
      const closed = () => resolve(new Error("the stream was closed"));
      // One that is closed meanwhile does not always call back.
      stream.once("close", closed);
      stream.write(line, (error) => {
        stream.removeListener("close", closed);
        resolve(error ?? undefined);
      });
    });
    const begun: Begun = { line, gone, isGone: false };
    void gone.then(() => {
      begun.isGone = true;
    });
    this.#begun = begun;
    return begun;
  }

  #hasBegun({ bytes, ends }: FormattedAlerts): boolean {
    return this.#begun !== undefined && isSame(this.#begun.line, bytes.subarray(0, ends[0]));
  }

  async #finish(begun: Begun, signal: AbortSignal): Promise<Error | undefined> {
    const error = await untilAborted(begun.gone, signal);
    this.#begun = undefined;
    return error;
  }
}

/** The same alert of the same batch, of which every attempt gets the same memory. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.buffer === other.buffer && one.byteOffset === other.byteOffset && one.length === other.length;
}

/** Errors come with the writes; without a listener, one that comes later would end the process. */
export function ignoreErrors(stream: Writable): void {
  if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
}

function ignore(): void {}
