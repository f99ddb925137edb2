import { InvalidArgumentError } from "commander";

/** An option's value that counts something. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError("expected a whole number from 1.");
}
