import type { Figure } from "../measure/statistics.js";
import { failed, type Outcome } from "../outcome.js";
import { type Target, targets } from "../targets.js";

export interface Verdict {
  readonly target: Target;
  /** Undefined when the scene failed. */
  readonly measured: Figure | undefined;
  readonly isMet: boolean;
}

/** What became of the targets of these scenes. */
export function judge(outcomes: readonly Outcome[]): Verdict[] {
  return targets.flatMap((target) => {
    const outcome = outcomes.find(({ scene }) => scene.name === target.scene);
    return outcome === undefined ? [] : [verdictOn(target, outcome)];
  });
}

function verdictOn(target: Target, outcome: Outcome): Verdict {
  if (failed(outcome)) return { target, measured: undefined, isMet: false };
  const { figures, ratios } = outcome.result;
  const { of, to, figure, is, number } = target;
  const measured = (to === undefined ? figures[of] : ratios[`${of} / ${to}`])?.[figure];
  if (measured === undefined) throw new Error(`the scene ${target.scene} has no figure for: ${target.name}`);
  const { median } = measured;
  return { target, measured, isMet: is === "at least" ? median >= number : median <= number };
}
