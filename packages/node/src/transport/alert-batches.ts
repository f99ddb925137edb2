import type { ClientHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Alert } from "@falco-outputs/core";
import { AlertDecoder } from "@falco-outputs/core/codec";
import { EnvelopeReader } from "./envelope-reader.js";

export interface AlertBatchesOptions {
  stream: ClientHttp2Stream;
  /** The largest alert, in bytes. */
  maxBytes: number;
  /** Aborts when the call is over. */
  signal: AbortSignal;
  /** Called when something was read, no more than once for each batch. */
  onRead(): void;
  /** Called once the stream is over. Rejects with what ended it, if that was not its end. */
  ended(): Promise<unknown>;
  /** Called after the end. @throws ConnectError with the status that the server sent, unless it is OK. */
  assertOk(): void;
}

type Result = IteratorResult<readonly Alert[], undefined>;

/** How many alerts go without delay: a few hundred kilobytes, which the processor's cache holds. */
const fullBatch = 128;

/**
 * The alerts of a response, in batches: all that arrived in one turn of the event loop, however many frames the server
 * wrote them in. A promise for each frame would cost more than the alert.
 *
 * The stream flows while a batch is awaited. Of what comes when none is, one chunk is taken; then the stream is paused,
 * and HTTP/2's flow control holds the server back.
 */
export class AlertBatches implements AsyncIterator<readonly Alert[], undefined> {
  readonly #stream: ClientHttp2Stream;
  readonly #onRead: () => void;
  readonly #ended: () => Promise<unknown>;
  readonly #assertOk: () => void;
  readonly #reader: EnvelopeReader;
  readonly #decoder = new AlertDecoder(textSlices);
  #batch: Alert[] = [];
  /** What is wrong with the data, behind the alerts in `#batch`. */
  #failure: ConnectError | undefined;
  #isOver = false;
  #waiting: ((result: Result | Promise<Result>) => void) | undefined;
  #isScheduled = false;

  constructor({ stream, maxBytes, signal, onRead, ended, assertOk }: AlertBatchesOptions) {
    this.#stream = stream;
    this.#onRead = onRead;
    this.#ended = ended;
    this.#assertOk = assertOk;
    this.#reader = new EnvelopeReader(maxBytes, (bytes, from, to) => {
      try {
        this.#batch.push(this.#decoder.decode(bytes, from, to));
      } catch (error) {
        throw new ConnectError(`parse binary: ${(error as Error).message}`, Code.Internal);
      }
    });
    const onOver = () => {
      this.#isOver = true;
      this.#schedule();
    };
    // Paused first, or else the listener would make it flow.
    stream.pause().on("data", this.#take).once("end", onOver).once("close", onOver);
    signal.addEventListener("abort", onOver, { once: true });
    this.#isOver = stream.destroyed || signal.aborted;
  }

  /** The next batch, of at least one alert. It is to be asked for only after the one before. */
  next(): Promise<Result> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#schedule();
      if (this.#stream.isPaused()) this.#stream.resume();
    });
  }

  readonly #take = (chunk: Buffer): void => {
    if (this.#failure !== undefined) return;
    if (this.#waiting === undefined) this.#stream.pause();
    try {
      this.#reader.read(chunk);
    } catch (error) {
      this.#failure = ConnectError.from(error);
    }
    if (this.#batch.length >= fullBatch) this.#handOver();
    else this.#schedule();
  };

  /** Hands over what is there once this turn of the event loop has brought all that it brings. */
  #schedule(): void {
    if (this.#isScheduled || this.#waiting === undefined || !this.#hasNews()) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#handOver();
    });
  }

  #hasNews(): boolean {
    return this.#batch.length > 0 || this.#failure !== undefined || this.#isOver;
  }

  #handOver(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || !this.#hasNews()) return;
    this.#waiting = undefined;
    const batch = this.#batch;
    if (batch.length > 0) {
      this.#batch = [];
      this.#onRead();
      waiting({ value: batch, done: false });
    } else {
      waiting(this.#outcome());
    }
  }

  async #outcome(): Promise<Result> {
    if (this.#failure !== undefined) throw this.#failure;
    await this.#ended();
    this.#reader.end();
    this.#assertOk();
    return { value: undefined, done: true };
  }
}

const textSlices = {
  latin1: (bytes: Uint8Array, start: number, end: number) => (bytes as Buffer).toString("latin1", start, end),
  utf8: (bytes: Uint8Array, start: number, end: number) => (bytes as Buffer).toString("utf8", start, end),
};
