/** Two ways to the same result. */
export interface Target {
  readonly name: string;
  /** Inputs that both know. */
  readonly seeds: readonly Buffer[];
  /** What inputs are made of. */
  readonly tokens: readonly Buffer[];
  /** What each way makes of an input, as text that can be compared. */
  fast(input: Buffer): string;
  complete(input: Buffer): string;
  /** Whether an input has what the complete way is known to get wrong. */
  isExempt(input: Buffer): boolean;
}

/** An input of which the two make different things. */
export class Difference extends Error {
  constructor(
    readonly target: Target,
    readonly input: Buffer,
    readonly fast: string,
    readonly complete: string,
  ) {
    super(
      [
        `${target.name}: the fast way and the complete one differ`,
        `input (base64): ${input.toString("base64")}`,
        `input: ${JSON.stringify(input.toString("utf8"))}`,
        `fast: ${fast}`,
        `complete: ${complete}`,
      ].join("\n"),
    );
  }
}

/** @throws Difference */
export function check(target: Target, input: Buffer): void {
  if (target.isExempt(input)) return;
  const fast = target.fast(input);
  const complete = target.complete(input);
  if (fast !== complete) throw new Difference(target, input, fast, complete);
}

/** A result, or the words in which it was refused, as text. */
export function outcome(make: () => unknown): string {
  try {
    return JSON.stringify(make(), (_, value) => (typeof value === "bigint" ? `${value}n` : value));
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}
