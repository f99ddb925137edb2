import type { Sign, Told } from "./sign.js";

/** How often Falco is asked, and how long it may take, in milliseconds. */
const everyMs = 15_000;
const timeoutMs = 5_000;
/** A single answer may get lost. */
const failuresInSilence = 2;

/** Asks Falco's web server for its `/healthz`. */
export class HealthCheck implements Sign {
  readonly #url: URL;
  readonly #closing = new AbortController();
  #askedAtMs: number | undefined;
  #failures = 0;
  #told: Told = { state: "unknown", reason: "not asked yet" };

  /** @param webserver Falco's web server, e.g. `http://localhost:8765`. */
  constructor(webserver: string) {
    this.#url = new URL("healthz", webserver.endsWith("/") ? webserver : `${webserver}/`);
  }

  look(nowMs: number): Told {
    if (this.#askedAtMs === undefined || nowMs - this.#askedAtMs >= everyMs) {
      this.#askedAtMs = nowMs;
      void this.#ask();
    }
    return this.#told;
  }

  close(): void {
    this.#closing.abort();
  }

  async #ask(): Promise<void> {
    const name = `${this.#url.origin}${this.#url.pathname}`;
    try {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
      const response = await fetch(this.#url, { signal, redirect: "error" });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`HTTP status ${response.status}`);
      this.#failures = 0;
      this.#told = { state: "alive", reason: `${name} answers` };
    } catch (error) {
      if (++this.#failures < failuresInSilence) {
        // Asked again at once.
        this.#askedAtMs = undefined;
        return;
      }
      const { message, cause } = error as Error;
      const reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
      this.#told = { state: "silent", reason: `${name} does not answer: ${reason}` };
    }
  }
}
