import { InvalidArgumentError } from "commander";
import { durationMs } from "./duration.js";
import { timeNs } from "./time.js";

// Commander calls these with an option's text.

/** A count, from 1. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError("expected a whole number from 1.");
}

/** Milliseconds, from a number with its unit: 500ms, 1.5s, 2m, 1h. */
export function parseDuration(text: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError("expected a duration with its unit, e.g. 500ms, 10s or 2m.");
}

/** A point in time, in nanoseconds since 1970: see `timeNs`. */
export function parseTime(text: string): bigint {
  const time = timeNs(text);
  if (time !== undefined) return time;
  throw new InvalidArgumentError(
    "expected how long ago, e.g. 90m, 2h or 1d, or a time, e.g. 2026-11-01T00:00:00Z, or 2026-11-01 for the local day.",
  );
}

/** One of some words, in any case. */
export function parseWord<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((known) => known === text.toLowerCase());
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`expected one of ${words.join(", ")}.`);
  };
}

/** Permissions, octal. */
export function parseMode(text: string): number {
  if (/^[0-7]{3,4}$/.test(text)) return Number.parseInt(text, 8);
  throw new InvalidArgumentError("expected an octal mode, e.g. 0660.");
}

const maxSequence = 2n ** 64n - 1n;

/** A sequence number of the server's log. */
export function parseSequence(text: string): bigint {
  const sequence = /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  if (sequence !== undefined && sequence <= maxSequence) return sequence;
  throw new InvalidArgumentError("expected a sequence number, as -o json shows it.");
}

/** An option that may be repeated: all its values. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}
