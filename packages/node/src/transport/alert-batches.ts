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

/** So much is handed over without waiting for more, in bytes: about a hundred alerts, which a processor's cache holds. */
const fullBatchBytes = 96 * 1024;

/**
 * The alerts of a response, in batches: all that arrived in one turn of the event loop, however many frames the server
 * wrote them in. A promise for each frame would cost more than the alert, and decoding one by one more than together.
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
  /** What arrived and was not decoded yet. */
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** What was decoded of it so far. */
  #batch: Alert[] = [];
  /** What is wrong with the data after the alerts in `#batch`. */
  #failure: ConnectError | undefined;
  #isOver: boolean;
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
    this.#isOver = stream.destroyed || signal.aborted;
    const onOver = () => {
      this.#isOver = true;
      this.#schedule();
    };
    // Paused first, or else the listener would make it flow.
    stream.pause().on("data", this.#take).once("end", onOver).once("close", onOver);
    signal.addEventListener("abort", onOver, { once: true });
  }

  /** The next batch, of at least one alert. Ask for it only after the one before. */
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
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= fullBatchBytes) this.#handOver();
    else this.#schedule();
  };

  /** Hands over what is there once this turn of the event loop has brought all that it brings. */
  #schedule(): void {
    const hasNews = this.#bytes > 0 || this.#failure !== undefined || this.#isOver;
    if (this.#isScheduled || this.#waiting === undefined || !hasNews) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#handOver();
    });
  }

  /** Does nothing while there is only a part of an alert. */
  #handOver(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const batch = this.#decode();
    if (batch.length > 0) {
      this.#waiting = undefined;
      this.#onRead();
      waiting({ value: batch, done: false });
    } else if (this.#failure !== undefined || this.#isOver) {
      this.#waiting = undefined;
      waiting(this.#outcome());
    }
  }

  /** The alerts in what arrived; `#failure` says why there are no more. */
  #decode(): readonly Alert[] {
    if (this.#bytes === 0) return [];
    const chunks = this.#chunks;
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, this.#bytes);
    this.#chunks = [];
    this.#bytes = 0;
    this.#batch = [];
    try {
      this.#reader.read(bytes);
    } catch (error) {
      this.#failure = ConnectError.from(error);
    }
    return this.#batch;
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
