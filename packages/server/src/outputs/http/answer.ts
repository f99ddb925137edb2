import { NotYet, Refused } from "../sink.js";

/** What a receiver said to an alert. */
export interface Answer {
  readonly status: number;
  /** The header's value: seconds, or a date (RFC 9110, 10.2.3). */
  readonly retryAfter: string | undefined;
}

/** The longest that a receiver can have an output wait. */
const maxWaitMs = 30_000;
/** That may pass: Request Timeout, Too Early, Too Many Requests. */
const passing = new Set([408, 425, 429]);

/**
 * Falco looks at no answer. Here 2xx means that the receiver has the alert.
 * @throws NotYet, Error for what is tried again (408, 425, 429, 5xx); Refused for any other answer.
 */
export function judge({ status, retryAfter }: Answer, where: string): void {
  if (status >= 200 && status < 300) return;
  const reason = `${where} answered ${status}`;
  if (!passing.has(status) && status < 500) {
    // Neither did libcurl, unless it was told to.
    throw new Refused(status < 400 ? `${reason}, and redirects are not followed` : reason);
  }
  const afterMs = status === 429 || status === 503 ? waitMs(retryAfter, Date.now()) : 0;
  throw afterMs > 0 ? new NotYet(reason, afterMs) : new Error(reason);
}

/** How long a Retry-After asks to wait, in milliseconds; 0 for what is none. */
export function waitMs(retryAfter: string | undefined, now: number): number {
  if (retryAfter === undefined) return 0;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), maxWaitMs);
}
