import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "@falco-outputs/core/backoff";
import type { AlertBatch } from "../alert-batch.js";
import { type Logger, Throttled } from "../logger.js";
import type { Formatter } from "./format/formatter.js";
import type { Output, OutputStats } from "./output.js";
import { Queue } from "./queue.js";
import type { QueueOptions } from "./queue-options.js";
import { type FormattedAlerts, NotYet, Refused, type Sink, sliceAlerts } from "./sink.js";
import { TimeLimit } from "./time-limit.js";

/** What a sink is given at once, in bytes; a larger alert goes alone. */
const writeBytes = 64 * 1024;
const initialBackoffMs = 100;
const maxBackoffMs = 5_000;
/** An output that made progress within this time, in milliseconds, is not stuck. */
const movingMs = 1_000;

/** One of the old outputs: a bounded queue before a sink, which writes one piece after the other. */
export class QueuedOutput implements Output {
  readonly name: string;
  readonly #sink: Sink;
  readonly #formatter: Formatter;
  readonly #logger: Logger;
  readonly #timeoutMs: number;
  readonly #retryMs: number;
  readonly #queue: Queue;
  readonly #crowdedAt: number;
  readonly #drops: Throttled;
  readonly #failures: Throttled;
  readonly #retries: Throttled;
  readonly #closing = new AbortController();
  /** The time limit of the sink's current call. */
  #limit: TimeLimit | undefined;
  #isClosed = false;
  #mustReopen = false;
  #pumping: Promise<void> | undefined;
  /** Alerts that have left the queue and are being written. */
  #writing = 0;
  #written = 0;
  /** When something was last written, or begun. */
  #movedAt = 0;
  #failed = 0;
  #dropped = 0;

  constructor(
    name: string,
    sink: Sink,
    formatter: Formatter,
    { maxAlerts, maxBytes, timeoutMs, retryMs }: Required<QueueOptions>,
    logger: Logger,
  ) {
    this.name = name;
    this.#sink = sink;
    this.#formatter = formatter;
    this.#logger = logger;
    this.#timeoutMs = timeoutMs;
    this.#retryMs = retryMs;
    this.#queue = new Queue(maxAlerts, maxBytes);
    this.#crowdedAt = maxAlerts / 2;
    this.#drops = new Throttled((dropped) =>
      logger.warn({ output: name, dropped }, "an output's queue is full: new alerts were dropped"),
    );
    this.#failures = new Throttled((failed, reason) =>
      logger.error({ output: name, failed, reason }, "an output failed to write alerts"),
    );
    this.#retries = new Throttled((attempts, reason) =>
      logger.warn({ output: name, attempts, reason }, "an output cannot write, and tries again"),
    );
  }

  write(batch: AlertBatch): void {
    const alerts = this.#formatter.format(batch);
    const taken = this.#isClosed ? 0 : this.#queue.add(alerts);
    const dropped = alerts.ends.length - taken;
    if (dropped > 0) {
      this.#dropped += dropped;
      this.#drops.add(dropped);
    }
    this.#pumping ??= this.#pump();
  }

  get isCrowded(): boolean {
    // A hanging sink is not waited for.
    return this.#queue.count > this.#crowdedAt && performance.now() - this.#movedAt < movingMs;
  }

  reopen(): void {
    this.#mustReopen = true;
    this.#pumping ??= this.#pump();
  }

  stats(): OutputStats {
    return {
      written: this.#written,
      failed: this.#failed,
      dropped: this.#dropped,
      waiting: this.#queue.count + this.#writing,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const cut = setTimeout(() => {
      const reason = new Error("the server stops");
      this.#closing.abort(reason);
      this.#limit?.abort(reason);
    }, this.#timeoutMs);
    await this.#pumping;
    clearTimeout(cut);
    this.#closing.abort();
    if (this.#queue.count > 0) {
      this.#dropped += this.#queue.count;
      this.#logger.warn(
        { output: this.name, dropped: this.#queue.count },
        "an output was closed before it wrote all alerts",
      );
      this.#queue.clear();
    }
    using limit = new TimeLimit(this.#timeoutMs, `not closed within ${this.#timeoutMs} ms`);
    try {
      await this.#sink.close(limit.signal);
    } catch (error) {
      this.#logger.error({ output: this.name, reason: reasonOf(error) }, "an output did not close cleanly");
    }
    for (const throttled of [this.#drops, this.#failures]) throttled.close();
    // Nothing is retried any longer.
    this.#retries.discard();
  }

  async #pump(): Promise<void> {
    this.#movedAt = performance.now();
    // After the current turn of the event loop: what arrives in it is written together.
    await new Promise(setImmediate);
    while (!this.#closing.signal.aborted) {
      if (this.#queue.count > 0) {
        const alerts = this.#queue.take(this.#sink.maxAlerts, writeBytes);
        this.#writing = alerts.ends.length;
        await this.#writeAll(alerts);
      } else if (this.#mustReopen) {
        await this.#reopenSink();
      } else {
        break;
      }
    }
    this.#pumping = undefined;
  }

  async #reopenSink(): Promise<void> {
    this.#mustReopen = false;
    try {
      await this.#within("reopened", (signal) => this.#sink.reopen(signal));
    } catch (error) {
      this.#logger.error({ output: this.name, reason: reasonOf(error) }, "an output cannot be reopened");
    }
  }

  /** Writes alerts, in as many attempts as it takes and their time allows. */
  async #writeAll(alerts: FormattedAlerts): Promise<void> {
    let giveUpAt = performance.now() + this.#retryMs;
    let rest = alerts;
    let failures = 0;
    let earlier: Error | undefined;
    while (rest.ends.length > 0) {
      if (this.#mustReopen) await this.#reopenSink();
      const { written, error } = await this.#attempt(rest);
      if (written > 0) {
        failures = 0;
        giveUpAt = performance.now() + this.#retryMs;
      }
      rest = from(rest, written);
      if (error === undefined) continue;
      if (error instanceof Refused) {
        const refused = Math.min(error.count, rest.ends.length);
        this.#fail(refused, error);
        rest = from(rest, refused);
        continue;
      }
      if (this.#closing.signal.aborted || performance.now() >= giveUpAt) {
        // An attempt that was cut short at the end says less than the one before.
        this.#fail(rest.ends.length, this.#closing.signal.aborted ? (earlier ?? error) : error);
        return;
      }
      earlier = error;
      this.#retries.add(1, error.message);
      const ms = Math.max(
        error instanceof NotYet ? Math.min(error.afterMs, giveUpAt - performance.now()) : 0,
        backoffMs(++failures, initialBackoffMs, maxBackoffMs, Math.random()),
      );
      await delay(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  /** Tries once; returns how many were written, and what happened to the others, if there are any. */
  async #attempt(alerts: FormattedAlerts): Promise<{ written: number; error?: Error }> {
    const total = alerts.ends.length;
    let written = 0;
    let isOver = false;
    const advance = (count: number) => {
      // What a sink reports later no longer counts.
      if (isOver || count <= written) return;
      this.#written += count - written;
      this.#movedAt = performance.now();
      this.#writing -= count - written;
      written = count;
    };
    try {
      await this.#within("written", (signal) => this.#sink.write(alerts, { signal, written: advance }));
      advance(total);
      return { written };
    } catch (error) {
      return { written, error: error instanceof Error ? error : new Error(String(error)) };
    } finally {
      isOver = true;
    }
  }

  /** Has the sink do something, which it must abandon when its time is up or the output closes. */
  async #within(done: string, act: (signal: AbortSignal) => Promise<void>): Promise<void> {
    using limit = new TimeLimit(this.#timeoutMs, `not ${done} within ${this.#timeoutMs} ms`);
    this.#limit = limit;
    if (this.#closing.signal.aborted) limit.abort(this.#closing.signal.reason as Error);
    await act(limit.signal);
  }

  #fail(count: number, error: Error): void {
    this.#failed += count;
    this.#writing -= count;
    if (count > 0) this.#failures.add(count, error.message);
  }
}

/** All but the first `count`. */
function from(alerts: FormattedAlerts, count: number): FormattedAlerts {
  return sliceAlerts(alerts, count, alerts.ends.length);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
