import { InvalidArgumentError } from "commander";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** What a timer of Node's can wait for. */
const maxMs = 2 ** 31 - 1;

/** Milliseconds, from a number with a unit: 500ms, 1.5s, 2m, 1h. */
export function parseDuration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const durationMs = Math.round(Number(number) * unitMs[unit ?? ""]!);
  if (durationMs >= 1 && durationMs <= maxMs) return durationMs;
  throw new InvalidArgumentError("expected a duration with its unit, e.g. 500ms, 10s or 2m.");
}
