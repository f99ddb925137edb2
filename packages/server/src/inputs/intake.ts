import { BatchEncoder } from "@falco-outputs/core/codec";
import type { AlertBatch, AlertLog, Appended } from "../log/alert-log.js";
import { type Logger, Throttled } from "../logger.js";

export interface InputStats {
  /** Alerts that were queued. */
  readonly accepted: number;
  /** Lines that were no alert, or too large. */
  readonly rejected: number;
}

/** Where an input's lines become alerts in the log. One bad line costs nothing but itself. */
export class Intake {
  readonly #log: AlertLog;
  readonly #rejections: Throttled;
  #accepted = 0;
  #rejected = 0;
  #idle: Lines | undefined;

  /** @param name The input's name, for the log. */
  constructor(log: AlertLog, name: string, logger: Logger) {
    this.#log = log;
    this.#rejections = new Throttled((count, reason) =>
      logger.warn({ input: name, rejected: count, reason }, "rejected what is no alert"),
    );
  }

  /** Begins to collect lines that are appended together. */
  collect(): Lines {
    const lines = this.#idle ?? new Lines(this);
    this.#idle = undefined;
    return lines;
  }

  /** Gives back what `collect` gave, once it was appended: its memory serves the next. */
  reuse(lines: Lines): void {
    lines.reason = undefined;
    this.#idle = lines;
  }

  stats(): InputStats {
    return { accepted: this.#accepted, rejected: this.#rejected };
  }

  reject(reason: string): void {
    this.#rejected++;
    this.#rejections.add(1, reason);
  }

  append(batch: AlertBatch): Appended | Promise<Appended> {
    this.#accepted += batch.ends.length;
    return this.#log.append(batch);
  }

  close(): void {
    this.#rejections.close();
  }
}

/** Lines of Falco's on their way to one append. */
export class Lines {
  readonly #intake: Intake;
  readonly #encoder = new BatchEncoder();
  /** Why the last rejected line was rejected. */
  reason: string | undefined;

  constructor(intake: Intake) {
    this.#intake = intake;
  }

  get count(): number {
    return this.#encoder.count;
  }

  /** Adds the line that is `bytes` from `start` to `end`, without its line end. Blank ones are nothing. */
  add(bytes: Uint8Array, start: number, end: number): void {
    if (isBlank(bytes, start, end)) return;
    try {
      this.#encoder.add(bytes, start, end);
    } catch (error) {
      this.reject((error as Error).message);
    }
  }

  reject(reason: string): void {
    this.reason = reason;
    this.#intake.reject(reason);
  }

  /** Appends what was added. What a promise is returned for has to be settled before the next `add`. */
  append(): Appended | Promise<Appended> | undefined {
    return this.count === 0 ? undefined : this.#intake.append(this.#encoder.take());
  }
}

/** Encoded alerts end to end. */
export function toBatch(alerts: readonly Uint8Array[]): AlertBatch {
  let size = 0;
  const ends = alerts.map((alert) => (size += alert.length));
  const bytes = new Uint8Array(size);
  for (const [index, alert] of alerts.entries()) bytes.set(alert, ends[index]! - alert.length);
  return { bytes, ends };
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) return false;
  }
  return true;
}
