import type { Loss } from "./loss.js";

/** What is kept of a group, so that it goes on where it was. */
export interface GroupPlace {
  /** The key of its filter. */
  readonly filter: string;
  /** The sequence number of the first alert that was not handed out. */
  readonly position: number;
  /** Ranges of earlier ones that were not acknowledged, first and last, ascending. */
  readonly unacknowledged: readonly (readonly [first: number, last: number])[];
  /** Losses that nobody was told, or nobody acknowledged. */
  readonly losses: readonly Loss[];
}

/** Ascending numbers, as ranges. */
export function rangesOf(numbers: readonly number[]): [first: number, last: number][] {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1 === number) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}

/** The numbers of ranges. */
export function numbersOf(ranges: readonly (readonly [first: number, last: number])[]): number[] {
  return ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  );
}
