/**
 * How long to wait before an attempt, in milliseconds: exponential backoff with full jitter, so that the clients of a
 * server that restarts do not come back all at once.
 * @param failed How many attempts in a row have failed, from 1.
 * @param random From 0 to 1.
 */
export function backoffMs(failed: number, initialMs: number, maxMs: number, random: number): number {
  return random * Math.min(maxMs, initialMs * 2 ** (failed - 1));
}
