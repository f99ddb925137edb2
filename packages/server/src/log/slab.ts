import {
  alertTag,
  prefixBytes,
  sequenceBytes,
  varintBytes,
  writePrefix,
  writeSequence,
  writeVarint,
} from "@falco-outputs/core/codec";
import type { AlertBatch } from "../alert-batch.js";
import type { Slice } from "./alert-log.js";

/** The size of a slab in bytes. A frame that is larger gets a slab of its own size. */
export const slabBytes = 1024 * 1024;

/** The size of an alert's frame: gRPC's prefix, the alert, and its sequence number. */
export function frameBytes(alertBytes: number, sequence: number): number {
  return prefixBytes + alertBytes + sequenceBytes(sequence);
}

/** A run of consecutive frames in one piece of memory. Frames are only ever added, so that slices of it stay valid. */
export class Slab {
  readonly #bytes: Buffer;
  /** Where each frame ends. */
  readonly #ends: number[] = [];
  #used = 0;
  #least = Number.POSITIVE_INFINITY;
  #greatest = Number.NEGATIVE_INFINITY;
  /** When alerts without a time of their own arrived, by their sequence number; in microseconds since 1970. */
  #arrivals: Map<number, number> | undefined;
  /** How many slices of this slab are being written. */
  pins = 0;

  /** @param first The sequence number of the first frame. */
  constructor(
    readonly first: number,
    size: number,
  ) {
    // What is not written yet is never part of a slice.
    this.#bytes = Buffer.allocUnsafeSlow(size);
  }

  get size(): number {
    return this.#bytes.length;
  }

  /** The sequence number after the last frame. */
  get end(): number {
    return this.first + this.#ends.length;
  }

  /** The least and the greatest time of its alerts, in microseconds since 1970; infinite if there is none. */
  get least(): number {
    return this.#least;
  }

  get greatest(): number {
    return this.#greatest;
  }

  hasRoom(frame: number): boolean {
    return this.#used + frame <= this.#bytes.length;
  }

  /**
   * Adds the alert that is `batch.bytes` from `start` to `end`. There must be room.
   * @param timeUs Its own time in microseconds since 1970; NaN: it has none, and that of its arrival counts.
   */
  add(batch: AlertBatch, start: number, end: number, timeUs: number): void {
    const sequence = this.end;
    const countedUs = Number.isNaN(timeUs) ? this.#arrived(sequence) : timeUs;
    if (countedUs < this.#least) this.#least = countedUs;
    if (countedUs > this.#greatest) this.#greatest = countedUs;
    const bytes = this.#bytes;
    const alertAt = writePrefix(bytes, this.#used, end - start + sequenceBytes(sequence));
    bytes.set(batch.bytes.subarray(start, end), alertAt);
    this.#used = writeSequence(bytes, alertAt + end - start, sequence);
    this.#ends.push(this.#used);
  }

  /** The frame of one alert. */
  frame(sequence: number): Uint8Array {
    const index = sequence - this.first;
    return this.#bytes.subarray(index === 0 ? 0 : this.#ends[index - 1]!, this.#ends[index]!);
  }

  /** When an alert without a time of its own arrived, in microseconds since 1970; undefined for any other. */
  arrivalUs(sequence: number): number | undefined {
    return this.#arrivals?.get(sequence);
  }

  #arrived(sequence: number): number {
    const nowUs = Date.now() * 1_000;
    this.#arrivals ??= new Map();
    this.#arrivals.set(sequence, nowUs);
    return nowUs;
  }

  /** The frames from `sequence` on, as many as fit both limits, at least one. */
  slice(sequence: number, maxCount: number, maxBytes: number): Slice {
    const from = sequence - this.first;
    const start = from === 0 ? 0 : this.#ends[from - 1]!;
    let low = from + 1;
    let high = Math.min(this.#ends.length, from + maxCount);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#ends[middle - 1]! - start <= maxBytes) low = middle;
      else high = middle - 1;
    }
    return { bytes: this.#bytes.subarray(start, this.#ends[low - 1]!), count: low - from };
  }
}

/** A frame for an alert that is in no log. */
export function unnumberedFrame(alert: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(prefixBytes + alert.length);
  bytes.set(alert, writePrefix(bytes, 0, alert.length));
  return bytes;
}

/** A frame that is not an alert, but says up to which sequence number the log was looked at. */
export function scannedFrame(sequence: number): Uint8Array {
  const messageBytes = 1 + varintBytes(sequence);
  const bytes = Buffer.alloc(prefixBytes + messageBytes);
  const at = writePrefix(bytes, 0, messageBytes);
  bytes[at] = alertTag.scanned;
  writeVarint(bytes, at + 1, sequence);
  return bytes;
}

/** The message of a frame. */
export function messageOf(frame: Uint8Array): Uint8Array {
  return frame.subarray(prefixBytes);
}
