import type { TLSSocket } from "node:tls";
import { type Logger, Throttled } from "../logger.js";
import { reasonOfFailure } from "./handshake-failure.js";

/** What is logged about the peers of a listener: each kind is counted, and logged at most every ten seconds. */
export class ListenerLog {
  readonly #throttled: Throttled[] = [];
  readonly #handshakes: Throttled;
  readonly #refusals: Throttled;
  readonly #crowded: Throttled;
  readonly #connections: Throttled;
  readonly #goodbyes: Throttled;
  readonly #listening: Throttled;

  /** @param listener Returns what is served, and where, e.g. `grpc 127.0.0.1:5060`. */
  constructor(listener: () => string, logger: Logger) {
    const warn = (message: string, fields: (count: number, last: string, about: string) => object) =>
      this.#throttle((...counted) => logger.warn({ listener: listener(), ...fields(...counted) }, message));
    this.#handshakes = warn("TLS handshakes failed", (failed, peer, reason) => ({
      failed,
      reason,
      ...(peer !== "" && { peer }),
    }));
    this.#refusals = warn("requests were refused", (refused, got, reason) => ({
      refused,
      reason,
      ...(got !== "" && { got }),
    }));
    this.#crowded = warn(
      "too many connections: those that had been idle the longest were closed",
      (closed) => ({ closed }),
    );
    this.#connections = warn("connections failed", (failed, _, reason) => ({ failed, reason }));
    this.#goodbyes = this.#throttle((ended, _, reason) =>
      logger.debug?.({ listener: listener(), ended, reason }, "connections ended"),
    );
    this.#listening = this.#throttle((times, reason) =>
      logger.error({ listener: listener(), times, reason }, "a listener failed"),
    );
  }

  /** @param protocols What the server takes (ALPN). */
  handshakeFailed(error: Error, socket: TLSSocket, peer = "", protocols: readonly string[] = []): void {
    this.#handshakes.add(1, peer, reasonOfFailure(error, socket, protocols));
  }

  /** @param got What was wrong, as the peer sent it. */
  refused(reason: string, got = ""): void {
    this.#refusals.add(1, got, reason);
  }

  crowded(): void {
    this.#crowded.add(1);
  }

  connectionFailed(reason: string): void {
    this.#connections.add(1, "", reason);
  }

  /** A peer left, which is logged at level debug. */
  connectionEnded(reason: string): void {
    this.#goodbyes.add(1, "", reason);
  }

  listenerFailed(reason: string): void {
    this.#listening.add(1, reason);
  }

  close(): void {
    for (const throttled of this.#throttled) throttled.close();
  }

  #throttle(report: (count: number, last: string, about: string) => void): Throttled {
    const throttled = new Throttled(report);
    this.#throttled.push(throttled);
    return throttled;
  }
}
