import assert from "node:assert/strict";

/** Sequence numbers, both included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

const nowhere: Range = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };

function around(one: Range, two: Range): Range {
  return { first: Math.min(one.first, two.first), last: Math.max(one.last, two.last) };
}

/** Losses of one log that nobody was told yet, merged: at least and at most so many, within such ranges. */
export class UntoldLoss {
  constructor(
    readonly least: number,
    readonly most: number,
    readonly leastRange: Range,
    readonly mostRange: Range,
  ) {}

  plus(other: UntoldLoss): UntoldLoss {
    return new UntoldLoss(
      this.least + other.least,
      this.most + other.most,
      around(this.leastRange, other.leastRange),
      around(this.mostRange, other.mostRange),
    );
  }

  /** Whether this may be told so. */
  check(told: Range & { lost: number }): void {
    const { lost, first, last } = told;
    const said = `told ${JSON.stringify(told)} of ${JSON.stringify(this)}`;
    assert(lost > 0 && this.least <= lost && lost <= this.most, said);
    assert(this.mostRange.first <= first && last <= this.mostRange.last, said);
    assert(first <= this.leastRange.first && this.leastRange.last <= last, said);
    assert(lost <= last - first + 1, said);
  }
}

export const noLoss = new UntoldLoss(0, 0, nowhere, nowhere);

/** The loss of the alerts in a range; perhaps, unless it is certain. */
export function lossIn(range: Range, certain: boolean): UntoldLoss {
  const count = range.last - range.first + 1;
  return new UntoldLoss(certain ? count : 0, count, certain ? range : nowhere, range);
}
