import { maxDeadlineMs, milliseconds } from "../check-option.js";
import { versionHeader } from "../contract.js";
import { OptionError } from "../option-error.js";
import type { CallOptions } from "./options.js";

/** What a call is made with: options with their defaults, checked. */
export interface CallSettings {
  readonly signal: AbortSignal | undefined;
  /** A whole number, as the protocols have it; undefined: no deadline. */
  readonly timeoutMs: number | undefined;
  /** The caller's headers, and the one by which our server knows our clients. */
  readonly headers: Headers;
}

/** @throws OptionError for options that cannot work. */
export function callSettings({ signal, timeoutMs, headers }: CallOptions): CallSettings {
  const all = toHeaders(headers);
  all.set(versionHeader, "1");
  const wholeMs = milliseconds("timeoutMs", timeoutMs, undefined, maxDeadlineMs);
  return { signal, timeoutMs: wholeMs && Math.ceil(wholeMs), headers: all };
}

/**
 * The headers of a call, as they are now: what they were made from may change, or be read only once.
 * @throws OptionError for a name or value that HTTP does not allow.
 */
export function toHeaders(headers: CallOptions["headers"]): Headers {
  try {
    return new Headers(headers as HeadersInit | undefined);
  } catch (cause) {
    // Without the headers: they may hold a secret.
    throw new OptionError({ option: "headers", expected: "names and values that HTTP allows", cause });
  }
}
