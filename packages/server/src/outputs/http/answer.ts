import { NotYet, Refused } from "../sink.js";

/** What a receiver said to an alert. */
export interface Answer {
  readonly status: number;
  /** The header's value: seconds, or a date (RFC 9110, 10.2.3). */
  readonly retryAfter: string | undefined;
  /** What the receiver says of it, if anything. */
  readonly reason: string | undefined;
}

/** The longest that a receiver can have an output wait. */
const maxWaitMs = 30_000;
/** That may pass: Request Timeout, Too Early, Too Many Requests. */
const passing = new Set([408, 425, 429]);

/**
 * Falco looks at no answer. Here 2xx means that the receiver has the alert.
 * @throws NotYet, Error for what is tried again (408, 425, 429, 5xx); Refused for any other answer.
 */
export function judge({ status, retryAfter, reason }: Answer, where: string): void {
  if (status >= 200 && status < 300) return;
  const isRedirect = status >= 300 && status < 400;
  // Neither did libcurl follow one, unless it was told to.
  const redirect = isRedirect ? ", and redirects are not followed" : "";
  const message = `${where} answered ${status}${redirect}${reason === undefined ? "" : `: ${reason}`}`;
  if (!passing.has(status) && status < 500) throw new Refused(message);
  const afterMs = status === 429 || status === 503 ? waitMs(retryAfter, Date.now()) : 0;
  throw afterMs > 0 ? new NotYet(message, afterMs) : new Error(message);
}

/** How long a Retry-After asks to wait, in milliseconds; 0 if it is invalid. */
export function waitMs(retryAfter: string | undefined, now: number): number {
  if (retryAfter === undefined) return 0;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), maxWaitMs);
}
