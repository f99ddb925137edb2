import { figuresOf, type Measured, type Plan, ratiosOf, type Sample } from "./measure/rounds.js";
import type { Figure } from "./measure/statistics.js";

/** How long and how much a scene is to run. */
export interface Extent extends Plan {
  /** Returns an amount: all of it, or a tenth in a quick run. */
  amount(full: number): number;
}

/** One thing that is measured, all contestants of it side by side. */
export interface Scene {
  readonly name: string;
  readonly title: string;
  /** What is done and how, in a sentence or two. */
  readonly about: string;
  run(extent: Extent): Promise<SceneResult>;
}

export interface SceneResult {
  /** By contestant, then by what was measured. */
  readonly figures: Readonly<Record<string, Readonly<Record<string, Figure>>>>;
  /** By "one / another", then by what was measured. */
  readonly ratios: Readonly<Record<string, Readonly<Record<string, Figure>>>>;
  /** Which share of the machine others had at the most, from 0 to 1. */
  readonly foreignCpu: number;
  readonly repeatedRounds: number;
}

/** @param comparisons Which contestant is set against which. */
export function toResult(
  { samples, foreignCpu, repeated }: Measured,
  comparisons: readonly (readonly [of: string, to: string])[],
): SceneResult {
  const of = (name: string): readonly Sample[] => {
    const found = samples.get(name);
    if (found === undefined) throw new Error(`there is no contestant ${name}`);
    return found;
  };
  return {
    figures: Object.fromEntries([...samples].map(([name, rounds]) => [name, figuresOf(rounds)])),
    ratios: Object.fromEntries(
      comparisons.map(([one, other]) => [`${one} / ${other}`, ratiosOf(of(one), of(other))]),
    ),
    foreignCpu,
    repeatedRounds: repeated,
  };
}

/** The first contestant against each other one. */
export function firstAgainstOthers({ samples }: Measured): [string, string][] {
  const [first, ...others] = samples.keys();
  return others.map((other) => [first!, other]);
}
