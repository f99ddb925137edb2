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
import type { TimeSpan } from "./filter/time-window.js";
import { FrameRun } from "./frame-run.js";

/** The size of a slab in bytes. A frame that is larger gets a slab of its own size. */
export const slabBytes = 1024 * 1024;

/** The size of an alert's frame: gRPC's prefix, the alert, and its sequence number. */
export function frameBytes(alertBytes: number, sequence: number): number {
  return prefixBytes + alertBytes + sequenceBytes(sequence);
}

/** A run of frames to which more are added, so that slices of it stay valid. */
export class Slab extends FrameRun {
  /** The time of each alert, in microseconds since 1970: its own, or that of its arrival. */
  readonly #times: number[] = [];
  #used = 0;
  /** How many slices of this slab are being written. */
  pins = 0;

  /**
   * @param first The sequence number of the first frame.
   * @param size In bytes.
   */
  constructor(first: number, size: number) {
    // What is not written yet is never part of a slice.
    super(first, Buffer.allocUnsafeSlow(size), []);
  }

  hasRoom(frame: number): boolean {
    return this.#used + frame <= this.size;
  }

  /**
   * Adds the alert that is `batch.bytes` from `start` to `end`. There must be room.
   * @param timeUs Its own time in microseconds since 1970; NaN: it has none, and that of its arrival counts.
   */
  add(batch: AlertBatch, start: number, end: number, timeUs: number): void {
    const sequence = this.end;
    const countedUs = Number.isNaN(timeUs) ? Date.now() * 1_000 : timeUs;
    if (countedUs < this.least) this.least = countedUs;
    if (countedUs > this.greatest) this.greatest = countedUs;
    const { bytes } = this;
    const alertAt = writePrefix(bytes, this.#used, end - start + sequenceBytes(sequence));
    bytes.set(batch.bytes.subarray(start, end), alertAt);
    this.#used = writeSequence(bytes, alertAt + end - start, sequence);
    this.ends.push(this.#used);
    this.#times.push(countedUs);
  }

  override arrivalUs(sequence: number): number {
    return this.#times[sequence - this.first]!;
  }

  /** The least and the greatest time of the alerts from `from` up to `to`, without `to`. */
  timesOf(from: number, to: number): TimeSpan {
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    for (let index = from - this.first; index < to - this.first; index++) {
      const timeUs = this.#times[index]!;
      if (timeUs < least) least = timeUs;
      if (timeUs > greatest) greatest = timeUs;
    }
    return { least, greatest };
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
