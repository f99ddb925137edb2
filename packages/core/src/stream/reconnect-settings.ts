import { boolean, milliseconds, wholeNumber } from "../check-option.js";
import { OptionError } from "../option-error.js";
import type { ReconnectOptions } from "./options.js";

/** How a stream comes back: options with their defaults, checked. */
export type ReconnectSettings = {
  readonly [Name in keyof ReconnectOptions]-?: NonNullable<ReconnectOptions[Name]>;
};

const defaultMaxDelayMs = 30_000;

/**
 * @param longestMs The longest wait, where the options do not say.
 * @returns Undefined if a stream does not come back.
 * @throws OptionError for options that cannot work.
 */
export function reconnectSettings(
  reconnect: ReconnectOptions | false | undefined,
  longestMs = defaultMaxDelayMs,
): ReconnectSettings | undefined {
  if (reconnect === false) return undefined;
  if (reconnect !== undefined && (typeof reconnect !== "object" || reconnect === null)) {
    throw new OptionError({
      option: "reconnect",
      got: reconnect,
      expected: "an object with options, or false",
    });
  }
  const { waitOnFirstConnect, maxAttempts, initialDelayMs, maxDelayMs } = reconnect ?? {};
  const settings = {
    waitOnFirstConnect: boolean("reconnect.waitOnFirstConnect", waitOnFirstConnect, false),
    maxAttempts: attempts(maxAttempts),
    initialDelayMs: milliseconds("reconnect.initialDelayMs", initialDelayMs, 100),
    maxDelayMs: milliseconds("reconnect.maxDelayMs", maxDelayMs, longestMs),
  };
  return settings.maxAttempts === 0 ? undefined : settings;
}

function attempts(maxAttempts = Number.POSITIVE_INFINITY): number {
  return maxAttempts === Number.POSITIVE_INFINITY
    ? maxAttempts
    : wholeNumber("reconnect.maxAttempts", maxAttempts, maxAttempts, { least: 0 });
}
