import type { Alert } from "../alert-message.js";
import { Code, FalcoError } from "../error.js";
import { alertTimeUs, microseconds } from "./alert-time.js";
import { maxAlertBytes, tooLarge, tryEncodeLine } from "./encode.js";
import { encodeAlert, encodeUnusualAlert, roomForAlert } from "./encode-alert.js";
import { roomFor } from "./json-copier.js";
import { encodeOnePass, onePassEnd, onePassTimeUs } from "./one-pass.js";
import { withRoom } from "./with-room.js";

/** Memory beyond that is given back after a batch, in bytes. */
const maxKeptBytes = 1024 * 1024;
const nothing: Uint8Array = new Uint8Array(0);

/** Encoded alerts, end to end: alert i is `bytes` from `ends[i - 1]` (0 for the first) to `ends[i]`. */
export interface EncodedAlerts {
  readonly bytes: Uint8Array;
  readonly ends: number[];
  /** Their own times in microseconds since 1970, rounded down; NaN for an alert without one. */
  readonly times: number[];
}

/** Encodes lines of Falco's, or alerts, into one piece of memory, end to end. */
export class BatchEncoder {
  #bytes = nothing;
  #used = 0;
  #ends: number[] = [];
  #times: number[] = [];

  /** How many alerts there are. */
  get count(): number {
    return this.#ends.length;
  }

  /**
   * Adds the line, JSON or text, that is `source` from `start` to `end`. Invalid UTF-8 is replaced, never refused.
   * Returns why the line is not an alert, or is too large; undefined if it was added. It does not throw: an error for
   * each line of junk would cost ten times as much.
   */
  add(source: Uint8Array, start: number, end: number): string | undefined {
    this.#reserve(roomFor(end - start));
    const used = encodeOnePass(source, start, end, this.#bytes, this.#used);
    if (used !== -1 && onePassEnd() === end) {
      this.#finish(used, onePassTimeUs());
      return undefined;
    }
    const alert = tryEncodeLine(source.subarray(start, end));
    if (typeof alert === "string") return alert;
    this.#append(alert);
    return undefined;
  }

  /**
   * Adds the JSON object that begins at `start`, if it is an alert as Falco writes it. Returns where it ends, or -1: then
   * its end must be found first, and `add` may accept it.
   */
  addObject(source: Uint8Array, start: number): number {
    this.#reserve(roomFor(source.length - start));
    const used = encodeOnePass(source, start, source.length, this.#bytes, this.#used);
    if (used === -1) return -1;
    this.#finish(used, onePassTimeUs());
    return onePassEnd();
  }

  /**
   * Adds a decoded alert, all of it but its sequence number.
   * @throws FalcoError with InvalidArgument if it is too large, or no message can hold it; the others stay.
   */
  addAlert(alert: Alert): void {
    this.#reserve(roomForAlert(alert));
    const used = encodeAlert(alert, this.#bytes, this.#used);
    if (used === undefined) {
      this.#append(encodeUnusualAlert(alert));
    } else if (used - this.#used > maxAlertBytes) {
      throw new FalcoError(tooLarge(used - this.#used), Code.InvalidArgument);
    } else {
      const { time } = alert;
      this.#finish(used, time === undefined ? Number.NaN : microseconds(Number(time.seconds), time.nanos));
    }
  }

  /** Takes the alerts so far, and begins with none. The bytes are valid until the next `add`. */
  take(): EncodedAlerts {
    const batch = { bytes: this.#bytes.subarray(0, this.#used), ends: this.#ends, times: this.#times };
    if (this.#bytes.length > maxKeptBytes) this.#bytes = nothing;
    this.#used = 0;
    this.#ends = [];
    this.#times = [];
    return batch;
  }

  #append(alert: Uint8Array): void {
    this.#reserve(alert.length);
    this.#bytes.set(alert, this.#used);
    this.#finish(this.#used + alert.length, alertTimeUs(alert, 0, alert.length));
  }

  #finish(used: number, timeUs: number): void {
    this.#used = used;
    this.#times.push(timeUs);
    this.#ends.push(used);
  }

  #reserve(bytes: number): void {
    this.#bytes = withRoom(this.#bytes, this.#used, this.#used + bytes);
  }
}
