const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** The longest time for a timer of Node's. */
const maxMs = 2 ** 31 - 1;

/** Milliseconds, from a number with a unit: 500ms, 1.5s, 2m, 1h; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Math.round(Number(number) * unitMs[unit ?? ""]!);
  return ms >= 1 && ms <= maxMs ? ms : undefined;
}
