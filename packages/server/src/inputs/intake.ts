import { setTimeout as delay } from "node:timers/promises";
import { BatchEncoder, type BodyTaker, splitBody, withRoom } from "@falco-outputs/core/codec";
import type { AlertBatch, Pieces } from "../alert-batch.js";
import type { Appended } from "../log/alert-log.js";
import { type Logger, Throttled } from "../logger.js";
import type { Router } from "../router.js";
import { onOneLine } from "./one-line.js";

const initialLineBytes = 4 * 1024;
/** Anything shorter is not an alert: a time, a priority and no text. */
const shortestAlertBytes = "00:00:00: Info ".length;
/** More memory than this, in bytes, is released after a batch. */
const maxKeptBytes = 1024 * 1024;
const alertsBetweenPauses = 256;
const maxPauseMs = 100;
const lookMs = 2;

export interface InputStats {
  /** Alerts that were taken; `priority` may have kept some of them out. */
  readonly accepted: number;
  /** Lines that were not alerts, or were too large. */
  readonly rejected: number;
  /** Requests without a token that is right; absent if there was none. */
  readonly refused?: number;
}

/** Where an input's lines become alerts on their way to the outputs. A bad line affects nothing else. */
export class Intake {
  readonly #router: Router;
  readonly #rejections: Throttled;
  #accepted = 0;
  #rejected = 0;
  #refused = 0;
  /** How many had been accepted when `untilRoom` last waited. */
  #waitedAt = 0;
  #idle: PendingBatch | undefined;

  /** @param name The input's name, for the log. */
  constructor(router: Router, name: string, logger: Logger) {
    this.#router = router;
    this.#rejections = new Throttled((count, reason) =>
      logger.warn({ input: name, rejected: count, reason }, "rejected what is not an alert"),
    );
  }

  /** Begins to collect alerts that are appended together. */
  collect(): PendingBatch {
    const batch = this.#idle ?? new PendingBatch(this, this.#router.wantsLines);
    this.#idle = undefined;
    return batch;
  }

  /** Takes back what `collect` returned, once it was appended: its memory serves the next batch. */
  reuse(batch: PendingBatch): void {
    batch.rejected = 0;
    this.#idle = batch;
  }

  stats(): InputStats {
    const refused = this.#refused;
    return { accepted: this.#accepted, rejected: this.#rejected, ...(refused > 0 && { refused }) };
  }

  /** Counts a request that was not let in. */
  refuse(): void {
    this.#refused++;
  }

  reject(reason: string): void {
    this.#rejected++;
    this.#rejections.add(1, reason);
  }

  append(batch: AlertBatch): Appended | Promise<Appended> | undefined {
    this.#accepted += batch.ends.length;
    return this.#router.route(batch);
  }

  /**
   * For inputs whose alerts are safe elsewhere: waits briefly while an output's queue is more than half full. It is brief
   * so that a slow output slows the others down to thousands of alerts a second, not further.
   */
  async untilRoom(): Promise<void> {
    if (this.#accepted - this.#waitedAt < alertsBetweenPauses || !this.#router.isCrowded) return;
    const until = performance.now() + maxPauseMs;
    while (this.#router.isCrowded && performance.now() < until) await delay(lookMs);
    this.#waitedAt = this.#accepted;
  }

  close(): void {
    this.#rejections.close();
  }
}

/** Alerts that are collected from lines or from a body, to be appended together. */
export class PendingBatch implements BodyTaker {
  readonly #intake: Intake;
  readonly #encoder = new BatchEncoder();
  readonly #kept: KeptLines | undefined;
  /** How many lines or pieces of a body were rejected. */
  rejected = 0;
  /** Why the last of them was. */
  reason = "";

  constructor(intake: Intake, keepLines: boolean) {
    this.#intake = intake;
    this.#kept = keepLines ? new KeptLines() : undefined;
  }

  get count(): number {
    return this.#encoder.count;
  }

  /** Adds the line that is `bytes` from `start` to `end`, without its line end. Blank lines are ignored. */
  add(bytes: Uint8Array, start: number, end: number): void {
    if (isBlank(bytes, start, end)) return;
    const reason = this.#encoder.add(bytes, start, end);
    if (reason === undefined) this.#kept?.add(bytes, start, end);
    else this.reject(reason);
  }

  /** Adds the alerts of a body. @param isText As for `splitBody`. */
  addBody(body: Uint8Array, isText: boolean): void {
    splitBody(body, isText, this);
  }

  takeObject(body: Uint8Array, start: number): number {
    const end = this.#encoder.addObject(body, start);
    if (end !== -1) this.#kept?.add(body, start, end);
    return end;
  }

  takePiece(body: Uint8Array, start: number, end: number): void {
    // A body may hold millions of those: only the first is read, to have a reason.
    const isTooShort = this.rejected > 0 && end - start < shortestAlertBytes;
    const reason = isTooShort ? this.reason : this.#encoder.add(body, start, end);
    if (reason !== undefined) {
      this.reject(reason);
    } else if (this.#kept !== undefined) {
      const line = onOneLine(body, start, end);
      this.#kept.add(line, 0, line.length);
    }
  }

  reject(reason: string): void {
    this.rejected++;
    this.reason = reason;
    this.#intake.reject(reason);
  }

  /** Appends what was added. A promise that is returned must be settled before the next `add`. */
  append(): Appended | Promise<Appended> | undefined {
    if (this.count === 0) return undefined;
    const lines = this.#kept?.take();
    return this.#intake.append({ ...this.#encoder.take(), ...(lines && { lines }) });
  }
}

/** The lines as they came, for outputs that write them again. */
class KeptLines {
  #bytes: Uint8Array = new Uint8Array(initialLineBytes);
  #used = 0;
  #ends: number[] = [];

  add(bytes: Uint8Array, start: number, end: number): void {
    // Nor is a carriage return part of the line.
    const to = bytes[end - 1] === 0x0d ? end - 1 : end;
    const used = this.#used + to - start;
    this.#bytes = withRoom(this.#bytes, this.#used, used);
    this.#bytes.set(bytes.subarray(start, to), this.#used);
    this.#used = used;
    this.#ends.push(used);
  }

  /** The bytes are valid until the next `add`. */
  take(): Pieces {
    const lines = { bytes: this.#bytes.subarray(0, this.#used), ends: this.#ends };
    if (this.#bytes.length > maxKeptBytes) this.#bytes = new Uint8Array(initialLineBytes);
    this.#used = 0;
    this.#ends = [];
    return lines;
  }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) return false;
  }
  return true;
}
