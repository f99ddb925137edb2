import { untilAborted } from "../until-aborted.js";
import type { Reading } from "./peer.js";

/** The most bytes of a slice, unless it is a single alert: what HTTP/2 sends as one frame. */
export const boundedSliceBytes = 16 * 1024;
/** The most bytes in flight, unless they are a single alert. */
const maxInFlightBytes = 48 * 1024;
/** How many bytes are sent before the peer is asked what it has read: on a quiet stream it is not asked for each alert. */
const askEveryBytes = 8 * 1024;

/**
 * Bounds what is in flight: given to a stream, and not yet read by its peer. Without acknowledgement that much is lost
 * when the peer dies. Flow control does not bound that: many clients enlarge their window on a fast connection, to several
 * MiB, and the sockets' buffers come on top.
 */
export class InFlight {
  readonly #reading: Reading;
  /** Bytes since the stream began: given to it, sent before the peer was last asked, and read by the peer. */
  #given = 0;
  #asked = 0;
  #read = 0;
  #unanswered = 0;
  #onAnswer: (() => void) | undefined;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  add(bytes: number): void {
    this.#given += bytes;
  }

  /**
   * Undefined if one more slice fits; otherwise a promise that resolves when it does.
   * @throws the reason of `signal`, when it aborts while this waits.
   */
  room(signal: AbortSignal): Promise<void> | undefined {
    if (this.#sent - this.#asked >= askEveryBytes) this.#ask();
    return this.#hasRoom ? undefined : untilAborted(this.#waitForRoom(), signal);
  }

  get #sent(): number {
    return this.#given - this.#reading.unsentBytes;
  }

  get #hasRoom(): boolean {
    return this.#given - this.#read <= maxInFlightBytes - boundedSliceBytes;
  }

  async #waitForRoom(): Promise<void> {
    while (!this.#hasRoom) {
      if (this.#unanswered === 0) {
        // Of what the peer has read already it need not be asked again.
        if (this.#sent === this.#read) await this.#reading.allSent();
        this.#ask();
      }
      await new Promise<void>((resolve) => {
        this.#onAnswer = resolve;
      });
    }
  }

  #ask(): void {
    const sent = this.#sent;
    this.#asked = sent;
    this.#unanswered++;
    void this.#reading.caughtUp().then(() => {
      this.#unanswered--;
      this.#read = Math.max(this.#read, sent);
      this.#onAnswer?.();
    });
  }
}
