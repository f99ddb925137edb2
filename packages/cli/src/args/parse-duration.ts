import { InvalidArgumentError } from "commander";
import { durationMs } from "./duration.js";

/** Milliseconds, from an option's value: 500ms, 1.5s, 2m, 1h. */
export function parseDuration(text: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError("expected a duration with its unit, e.g. 500ms, 10s or 2m.");
}
