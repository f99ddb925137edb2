import { InvalidArgumentError } from "commander";
import { durationMs } from "./duration.js";

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
