import type { Call } from "./case.js";
import { differences } from "./differences.js";
import type { NeutralAlert } from "./protocol.js";
import type { Published } from "./published.js";
import type { Wanted } from "./wanted.js";

/**
 * Each alert has the number that the log gave it, and starts after the position. Where nobody knows the numbers, a
 * subscriber gets one after the other.
 */
export function sequenceDifferences(
  { method, expect }: Call,
  wanted: readonly Wanted[],
  alerts: readonly NeutralAlert[],
  position: string | undefined,
  published: Published,
): string[] {
  const seen = alerts.map((alert) => alert.sequence);
  // The oldest service has none, nor has an alert that no server sent.
  const isNumbered = method === "sub" || method === "get";
  if (!isNumbered || seen.length !== wanted.length) {
    return isNumbered ? [] : differences(seen.map(nothing), seen, "sequence");
  }
  const [first] = seen;
  const expected = wanted.map(({ sequence, isLoss }, index) => {
    if (isLoss) return undefined;
    if (sequence !== undefined) return String(sequence);
    return first === undefined ? "a number" : String(BigInt(first) + BigInt(index));
  });
  return [
    ...differences(expected, seen, "sequence"),
    ...positionDifferences(expect.position && String(published.at(expect.position)), first, position),
  ];
}

function positionDifferences(
  expected: string | undefined,
  first: string | undefined,
  position: string | undefined,
): string[] {
  if (position === undefined) return [];
  if (expected !== undefined) return differences(expected, position, "position");
  return first === undefined ? [] : differences(String(BigInt(first) - 1n), position, "position");
}

function nothing(): undefined {
  return undefined;
}
