import { setTimeout as delay } from "node:timers/promises";
import { type Client, Code, FalcoError } from "@falco-outputs/node";

const retryMs = 250;
/** How long one attempt may take. */
const attemptMs = 5_000;

export interface WaitOptions {
  /** Whether to try again after a failure. */
  readonly retries: boolean;
  /** Undefined: for ever. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onFailure: (error: Error) => void;
}

/**
 * Resolves when the server answers, or when the signal aborts.
 * @throws when it cannot, or did not in time.
 */
export async function waitForServer(
  falco: Client,
  { retries, timeoutMs = Number.POSITIVE_INFINITY, signal, onFailure }: WaitOptions,
): Promise<void> {
  const until = Date.now() + timeoutMs;
  while (!signal.aborted) {
    const remainingMs = Math.max(1, until - Date.now());
    const attemptTimeoutMs = retries ? Math.min(attemptMs, remainingMs) : remainingMs;
    try {
      await falco.version({ signal, timeoutMs: attemptTimeoutMs });
      return;
    } catch (error) {
      if (signal.aborted) return;
      // A server that does not know Falco's version is there all the same.
      if (!(error instanceof FalcoError) || error.fromServer) return;
      const mayComeYet = error.code === Code.Unavailable || error.code === Code.DeadlineExceeded;
      if (!retries || !mayComeYet) throw error;
      if (Date.now() + retryMs >= until) {
        throw new Error(`no server answered within ${timeoutMs} ms: ${error.message}`, { cause: error });
      }
      onFailure(error);
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
