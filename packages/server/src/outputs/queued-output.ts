import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "@falco-outputs/core/backoff";
import type { AlertBatch } from "../alert-batch.js";
import { type Logger, Throttled } from "../logger.js";
import type { Formatter } from "./format/formatter.js";
import type { Output, OutputStats } from "./output.js";
import { Queue } from "./queue.js";
import { type FormattedAlerts, NotYet, Refused, type Sink } from "./sink.js";

export interface QueueOptions {
  /**
   * How many alerts an output's queue holds; beyond, new ones are dropped (falco.yaml's `outputs_queue.capacity`).
   * Default: 10,000.
   */
  maxAlerts?: number;
  /** How much memory they may take, in bytes. Default: 16 MiB. */
  maxBytes?: number;
  /** How long one attempt to write may take, in milliseconds (falco.yaml's `output_timeout`). Default: 2,000. */
  timeoutMs?: number;
  /** How long alerts are tried again after errors, in milliseconds. Default: 60,000. */
  retryMs?: number;
}

const defaults = { maxAlerts: 10_000, maxBytes: 16 * 1024 * 1024, timeoutMs: 2_000, retryMs: 60_000 };
/** What a sink is given at once, in bytes; a larger alert goes alone. */
const writeBytes = 64 * 1024;
const initialBackoffMs = 100;
const maxBackoffMs = 5_000;

/** One of the old outputs: a bounded queue before a sink, which writes one piece after the other. */
export class QueuedOutput implements Output {
  readonly name: string;
  readonly #sink: Sink;
  readonly #formatter: Formatter;
  readonly #logger: Logger;
  readonly #timeoutMs: number;
  readonly #retryMs: number;
  readonly #queue: Queue;
  readonly #drops: Throttled;
  readonly #failures: Throttled;
  readonly #retries: Throttled;
  readonly #closing = new AbortController();
  #isClosed = false;
  #mustReopen = false;
  #pumping: Promise<void> | undefined;
  /** Alerts that were taken out of the queue and are being written. */
  #writing = 0;
  #written = 0;
  #failed = 0;
  #dropped = 0;

  constructor(name: string, sink: Sink, formatter: Formatter, options: QueueOptions, logger: Logger) {
    const { maxAlerts, maxBytes, timeoutMs, retryMs } = { ...defaults, ...options };
    this.name = name;
    this.#sink = sink;
    this.#formatter = formatter;
    this.#logger = logger;
    this.#timeoutMs = timeoutMs;
    this.#retryMs = retryMs;
    this.#queue = new Queue(maxAlerts, maxBytes);
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
    const cut = setTimeout(() => this.#closing.abort(new Error("the server stops")), this.#timeoutMs);
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
    await this.#sink.close();
    for (const throttled of [this.#drops, this.#failures, this.#retries]) throttled.close();
  }

  async #pump(): Promise<void> {
    // Behind whoever writes: what comes in the same turn of the event loop is written together.
    await new Promise(setImmediate);
    while (!this.#closing.signal.aborted) {
      if (this.#mustReopen) await this.#reopenSink();
      if (this.#queue.count === 0) break;
      const alerts = this.#queue.take(this.#sink.maxAlerts, writeBytes);
      this.#writing = alerts.ends.length;
      await this.#writeAll(alerts);
    }
    this.#pumping = undefined;
  }

  async #reopenSink(): Promise<void> {
    this.#mustReopen = false;
    try {
      await this.#sink.reopen();
    } catch (error) {
      this.#logger.error({ output: this.name, reason: reasonOf(error) }, "an output cannot be reopened");
    }
  }

  /** The signal of an attempt. Not AbortSignal.any, which leaves something behind in the lasting signal at each call. */
  #startAttempt(): { signal: AbortSignal; end: () => void } {
    const attempt = new AbortController();
    const closing = this.#closing.signal;
    const onClosing = () => attempt.abort(closing.reason);
    if (closing.aborted) onClosing();
    closing.addEventListener("abort", onClosing);
    const onTimeout = () => attempt.abort(new Error(`not written within ${this.#timeoutMs} ms`));
    const timer = setTimeout(onTimeout, this.#timeoutMs);
    return {
      signal: attempt.signal,
      end() {
        clearTimeout(timer);
        closing.removeEventListener("abort", onClosing);
      },
    };
  }

  /** Writes alerts, with as many attempts as it takes and their time allows. */
  async #writeAll(alerts: FormattedAlerts): Promise<void> {
    const giveUpAt = performance.now() + this.#retryMs;
    let rest = alerts;
    for (let attempts = 1; ; attempts++) {
      let written = 0;
      const advance = (count: number) => {
        this.#written += count - written;
        this.#writing -= count - written;
        written = count;
      };
      let afterMs = 0;
      const attempt = this.#startAttempt();
      try {
        await this.#sink.write(rest, { signal: attempt.signal, written: advance });
        advance(rest.ends.length);
        return;
      } catch (error) {
        rest = from(rest, written);
        const isOver =
          error instanceof Refused || this.#closing.signal.aborted || performance.now() >= giveUpAt;
        if (isOver) {
          this.#failed += this.#writing;
          this.#failures.add(this.#writing, reasonOf(error));
          this.#writing = 0;
          return;
        }
        this.#retries.add(1, reasonOf(error));
        if (error instanceof NotYet) afterMs = Math.min(error.afterMs, giveUpAt - performance.now());
      } finally {
        attempt.end();
      }
      const ms = Math.max(afterMs, backoffMs(attempts, initialBackoffMs, maxBackoffMs, Math.random()));
      await delay(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }
}

/** All but the first `count`. */
function from(alerts: FormattedAlerts, count: number): FormattedAlerts {
  if (count === 0) return alerts;
  const { bytes, ends, priorities, timesUs } = alerts;
  const start = ends[count - 1]!;
  return {
    bytes: bytes.subarray(start),
    ends: ends.slice(count).map((end) => end - start),
    priorities: priorities.slice(count),
    ...(timesUs && { timesUs: timesUs.slice(count) }),
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
